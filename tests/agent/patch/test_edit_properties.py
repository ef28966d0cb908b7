"""For any texts: a correct diff gives the other text, a refusal leaves the tree alone, a dry run tells the truth."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.patch import EditsInvalid, PatchConflict, PatchRejected, apply_patch, parse_edits
from agent.patch.document import Document, split
from tests.agent.patch.diffs import parts, unified
from tests.agent.patch.test_apply import snapshot
from tests.support.drills import times

FEW = st.sampled_from(
    ["a", "b", "", " ", "  a", "\ta", "--- x", "+++ y", "@@ -1 +1 @@", "}", "diff --git a/x b/x", "-- ", "é", "\\ No"]
)
ANY = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)
LINES = st.lists(FEW | ANY, max_size=14)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Lines of a small alphabet, so that many repeat; a text may end without a newline."""
    return "\n".join(draw(LINES)) + draw(st.sampled_from(["\n", ""]))


@settings(max_examples=times(400, 100), deadline=None)
@given(texts(), texts(), st.integers(0, 4))
@example("a\n" * 9, "a\n" * 10, 3)
@example("a", "a\n", 3)
@example("", "a", 0)
@example("b\n", "a\nb\n", 0)
def test_a_correct_diff_gives_the_other_text(before: str, after: str, context: int) -> None:
    if before == after:
        return
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "f"
        path.write_bytes(before.encode())

        apply_patch(Path(place), unified("f", parts(before, after, context)))

        assert path.read_bytes() == after.encode()


@settings(max_examples=times(150, 37), deadline=None)
@given(st.lists(st.sampled_from(["a\r\n", "a\n", "b\r\n", "b\n", "c\n", "\r\n", "\n"]), max_size=10), st.data())
def test_mixed_line_ends_survive(lines: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines)))
    after = [*lines[:at], data.draw(st.sampled_from(["x\r\n", "x\n"])), *lines[at:]]
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "f"
        path.write_bytes("".join(lines).encode())

        apply_patch(Path(place), unified("f", parts("".join(lines), "".join(after))))

        assert path.read_bytes() == "".join(after).encode()


SCRAPS = st.sampled_from(
    """--- a/f|+++ b/f|@@ -1,2 +1,2 @@|@@ -2 +2 @@|@@ @@| a|-a|+b| b|-b|+a||a|b|\\ No newline at end of file|diff --git a/f b/f
    diff --git a/f b/g|rename from f|rename to g|deleted file mode 100644|new file mode 100755|--- /dev/null|+++ /dev/null|f
    <<<<<<< SEARCH|=======|>>>>>>> REPLACE|*** Begin Patch|*** Update File: f|*** Delete File: f|*** Add File: n|*** Move to: m
    *** End Patch|FILE: f|```|prose|Binary files a/f and b/f differ|+++ b/../f|GIT binary patch""".replace("\n    ", "|").split(
        "|"
    )
)


@settings(max_examples=times(400, 100), deadline=None)
@given(st.lists(SCRAPS, max_size=16).map("\n".join), st.sampled_from(["all_or_nothing", "best_effort"]))
def test_scraps_of_every_format_are_applied_whole_or_refused_whole(text: str, mode: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "root"
        root.mkdir()
        (root / "f").write_bytes(b"a\nb\na\nb\nc\n")
        before = snapshot(root)
        planned = None
        with suppress(PatchConflict):
            planned = apply_patch(root, text, dry_run=True, mode=mode)  # type: ignore[arg-type]
        assert snapshot(root) == before
        try:
            result = apply_patch(root, text, mode=mode)  # type: ignore[arg-type]
        except PatchRejected:
            assert planned is None
            assert snapshot(root) == before
        else:
            assert planned is not None
            assert (result.files, result.success) == (planned.files, planned.success)
            if all(file.action in ("unchanged", "refused") for file in result.files):
                assert snapshot(root) == before
        assert sorted(path.name for path in Path(place).iterdir()) == ["root"]


@settings(max_examples=times(200, 50), deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")))
def test_a_file_read_as_lines_comes_back(data: bytes) -> None:
    with suppress(ValueError):
        document = Document.read(data)
        assert document.write(document.lines, document.ends) == data


@settings(max_examples=times(200, 50), deadline=None)
@given(st.text(st.sampled_from("a\r\n\u2028\x0c"), max_size=20))
def test_lines_and_ends_are_the_text(text: str) -> None:
    lines, ends = split(text)
    assert "".join(a + b for a, b in zip(lines, ends, strict=True)) == text


@settings(max_examples=times(300, 75), deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for strict in (False, True):
        with suppress(EditsInvalid):
            parse_edits(text, strict=strict)
