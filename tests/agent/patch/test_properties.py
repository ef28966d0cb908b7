"""Whatever the model sends: the answer is read or refused, and a refused one leaves the tree as it was."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.patch import PatchRejected, apply_patch
from agent.patch.formats.manifest import ManifestInvalid, parse_manifest
from tests.agent.patch.test_apply import snapshot
from tests.support.drills import times

LINES = st.sampled_from(
    ["FILE: a.py", "FILE: d/b.md", "FILE: ../x", "FILE: d", "FILE: d/b.md/c", "FILE: link/x", "**FILE: c**", "```", "```python",
     "~~~", "", "x = 1", "    y", "prose", "FILE:", "FILE: ", "\ufeff", "FILE: .git/config", "FILE: A.py", "\x00", "é\r"]
)  # fmt: skip
ANSWERS = st.lists(LINES, max_size=14).map("\n".join)
NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}\.txt", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=60).filter(lambda text: "FILE:" not in text)


@settings(max_examples=times(150, 37), deadline=None)
@given(ANSWERS)
def test_any_answer_is_applied_whole_or_refused_whole(text: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "root"
        (root / "d").mkdir(parents=True)
        (root / "a.py").write_text("old\r\n")
        (root / "link").symlink_to(place)
        before = snapshot(root)
        planned = None
        with suppress(PatchRejected, ManifestInvalid):
            planned = apply_patch(root, text, dry_run=True)
        assert snapshot(root) == before
        try:
            result = apply_patch(root, text)
        except (PatchRejected, ManifestInvalid):
            assert planned is None
            assert snapshot(root) == before
        else:
            assert planned is not None
            assert result.files == planned.files
        assert sorted(path.name for path in Path(place).iterdir()) == ["root"]


@settings(max_examples=times(100, 25), deadline=None)
@given(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4))
def test_plain_files_come_back_as_they_were_sent(files: dict[str, str]) -> None:
    sent = {path: text.strip("\n") + "\n" if text.strip() else "" for path, text in files.items()}
    text = "".join(f"FILE: {path}\n{content}" for path, content in sent.items())

    assert {block.path: block.content for block in parse_manifest(text, strict=True)} == sent


@settings(max_examples=times(200, 50), deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for strict in (False, True):
        with suppress(ManifestInvalid):
            parse_manifest(f"FILE: a\n{text}", strict=strict)
