"""What models write, in every format and spelling: the right change, or a refusal that says why."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agent.patch import PatchConflict, apply_patch, for_model, parse_edits, preview
from agent.patch.detect import detect
from agent.patch.engine import digest
from tests.agent.patch.test_apply import refusal, snapshot

TEN = "".join(f"line {number}\n" for number in range(1, 11))
FIVE = TEN.replace("line 5\n", "LINE 5\n")
BODY = " line 4\n-line 5\n+LINE 5\n line 6\n"
HUNK = f"@@ -4,3 +4,3 @@\n{BODY}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text(TEN)
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        f"--- a/a.txt\n+++ b/a.txt\n{HUNK}",
        f"diff --git a/a.txt b/a.txt\nindex 1..2 100644\n--- a/a.txt\n+++ b/a.txt\n{HUNK}",
        f"--- a.txt\n+++ a.txt\n{HUNK}",
        f"--- old/a.txt\t2024-01-01\n+++ new/a.txt\t2024-01-02\n{HUNK}",
        f"--- a.txt.orig\n+++ a.txt\n{HUNK}",
        f"--- `a/a.txt`\n+++ `b/a.txt`\n{HUNK}",
        f"--- a/a.txt (original)\n+++ b/a.txt (modified)\n{HUNK}",
        f"+++ b/a.txt\n{HUNK}",
        f"FILE: a.txt\n{HUNK}",
        f"--- a/a.txt\n+++ b/a.txt\n{BODY}",
        f"--- a/a.txt\n+++ b/a.txt\n@@ the fifth line @@\n{BODY}",
        f"--- a/a.txt\n+++ b/a.txt\n@@ -4 +4 @@ heading\n{BODY}",
        f"From 1234 Mon Sep 17 00:00:00 2001\nSubject: x\n\n---\n a.txt | 2\n\n--- a/a.txt\n+++ b/a.txt\n{HUNK}-- \n2.39.5\n\n",
        "1. Do this:\n\n   ```diff\n   --- a/a.txt\n   +++ b/a.txt\n   @@ -5 +5 @@\n   -line 5\n   +LINE 5\n   ```\n",
        f"What I changed:\n\n--- a/a.txt\n+++ b/a.txt\n{HUNK}\n- I changed a line.\n- Done.\n",
        f"~~~diff\n--- a/a.txt\n+++ b/a.txt\n{HUNK}~~~\nThat is it.",
        "a.txt\n<<<<<<< SEARCH\nline 5\n=======\nLINE 5\n>>>>>>> REPLACE\n",
        "**`a.txt`**\n```text\n<<<<<<< SEARCH\nline 5\n=======\nLINE 5\n>>>>>>> REPLACE\n```\n",
        "FILE: a.txt\n------- SEARCH\nline 5\n=======\nLINE 5\n+++++++ REPLACE\n",
        "*** Begin Patch\n*** Update File: a.txt\n@@ line 3\n line 4\n-line 5\n+LINE 5\n*** End Patch",
        f"FILE: a.txt\n{FIVE}",
    ],
)
def test_one_change_in_every_spelling(root: Path, text: str) -> None:
    result = apply_patch(root, text)

    assert (root / "a.txt").read_text() == FIVE
    assert result.success


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"--- a/x\n+++ b/x\n{HUNK}", "unified"),
        ("FILE: x\n--- a\n", "manifest"),
        ("x\n<<<<<<< SEARCH\n", "search_replace"),
        ("*** Begin Patch\n", "envelope"),
        ("Nothing to do.", None),
    ],
)
def test_the_format_is_detected(text: str, form: str | None) -> None:
    assert detect(text) == form


@pytest.mark.parametrize(
    "text",
    [
        f"Here:\n--- a/a.txt\n+++ b/a.txt\n{HUNK}",
        "I think so.\n\na.txt\n<<<<<<< SEARCH\nline 5\n=======\nx\n>>>>>>> REPLACE\n",
        "Hm\n*** Begin Patch\n*** Delete File: a.txt\n*** End Patch",
    ],
)
def test_prose_is_refused_in_strict_reading(root: Path, text: str) -> None:
    before = snapshot(root)
    with pytest.raises(PatchConflict):
        apply_patch(root, text, strict=True)
    assert snapshot(root) == before
    assert apply_patch(root, text).success


def test_files_are_made_deleted_renamed_copied_and_made_executable(root: Path) -> None:
    for name in ("gone.txt", "from.txt", "run.sh", "source.txt"):
        (root / name).write_text("one\n")
    text = (
        "diff --git a/new.sh b/new.sh\nnew file mode 100755\n--- /dev/null\n+++ b/new.sh\n@@ -0,0 +1 @@\n+x\n"
        "diff --git a/gone.txt b/gone.txt\ndeleted file mode 100644\n--- a/gone.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n"
        "diff --git a/from.txt b/sub/to.txt\nsimilarity index 50%\nrename from from.txt\nrename to sub/to.txt\n"
        "--- a/from.txt\n+++ b/sub/to.txt\n@@ -1 +1 @@\n-one\n+two\n"
        "diff --git a/source.txt b/copy.txt\nsimilarity index 100%\ncopy from source.txt\ncopy to copy.txt\n"
        "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n"
    )

    result = apply_patch(root, text)

    assert [(file.path, file.action) for file in result.files] == [
        ("new.sh", "created"), ("gone.txt", "deleted"), ("sub/to.txt", "renamed"),
        ("copy.txt", "created"), ("run.sh", "modified"),
    ]  # fmt: skip
    assert not (root / "gone.txt").exists() and not (root / "from.txt").exists()
    assert ((root / "sub/to.txt").read_text(), (root / "copy.txt").read_text()) == ("two\n", "one\n")
    assert all(os.access(root / name, os.X_OK) for name in ("new.sh", "run.sh"))
    assert stat.S_IMODE((root / "source.txt").stat().st_mode) & 0o111 == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("diff --git a/x.png b/x.png\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKcmZQz\n\n", "binary_patch"),
        ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "binary_patch"),
        ("--- a/m\n+++ b/m\n@@ -1 +1 @@\n-Subproject commit 1111111\n+Subproject commit 2222222\n", "submodule"),
        ("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n", "symlink"),
        (f"--- a/../a.txt\n+++ b/../a.txt\n{HUNK}", "unsafe_path"),
        (f"--- /etc/a.txt\n+++ /etc/a.txt\n{HUNK}", "unsafe_path"),
        (f"--- a/src/a.txt\n+++ b/src/a.txt\n{HUNK}", "missing_file"),
        (f"--- a/c.txt\n+++ b/b.txt\n{HUNK}", "missing_file"),
        ("--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+x\n", "exists"),
        ("--- a/a.txt\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-line 1\n-line 2\n", "not_whole"),
        ("--- a/a.txt\n+++ b/a.txt\n@@ -4,3 +4,2 @@\n line 4\n-line five\n line 6\n", "not_found"),
        ("--- a/a.txt\n+++ b/a.txt\n@@ @@\n+more\n", "no_context"),
        ("--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+x\n", "unsafe_path"),
        ("diff --git a/a.txt b/../b\nrename from a.txt\nrename to ../b\n", "unsafe_path"),
        ("diff --git a/../b b/c\nrename from ../b\nrename to c\n", "unsafe_path"),
    ],
)  # fmt: skip
def test_what_must_not_be_done_is_refused(root: Path, text: str, code: str) -> None:
    assert list(refusal(root, text).values()) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "a.txt\n<<<<<<< SEARCH\nline 5\n=======\nLINE 5\n",
        f"```diff\n--- a/a.txt\n+++ b/a.txt\n@@ -4,9 +4,9 @@\n{BODY}",
        "*** Begin Patch\n*** Update File: a.txt\n-line 5\n",
        "no edits here",
    ],
)
def test_answers_that_are_cut_off_are_refused_whole(root: Path, text: str) -> None:
    before = snapshot(root)
    with pytest.raises(PatchConflict) as refused:
        apply_patch(root, text)
    assert refused.value.result.reason  # type: ignore[attr-defined]
    assert snapshot(root) == before


def test_a_displaced_edit_needs_the_only_place(root: Path) -> None:
    (root / "a.txt").write_text("x = 1\ny = 2\n\n" * 3)
    body = " x = 1\n-y = 2\n+y = 3\n"

    with pytest.raises(PatchConflict) as refused:
        apply_patch(root, f"--- a/a.txt\n+++ b/a.txt\n@@ -2,2 +2,2 @@\n{body}")
    hunk = refused.value.result.files[0].hunks[0]  # type: ignore[attr-defined]
    assert hunk.candidates == (1, 4, 7)
    assert "line 1, 4, 7" in for_model(refused.value.result)  # type: ignore[attr-defined]

    result = apply_patch(root, f"--- a/a.txt\n+++ b/a.txt\n@@ -4,2 +4,2 @@\n{body}")
    assert result.files[0].hunks[0].match_level == "exact"
    assert (root / "a.txt").read_text() == "x = 1\ny = 2\n\nx = 1\ny = 3\n\nx = 1\ny = 2\n\n"


def test_offsets_accumulate(root: Path) -> None:
    (root / "a.txt").write_text("new\n" * 5 + "def one():\n    return 0\n\n\n" + "z = 1\nz = 2\n\n" * 4)
    text = (
        "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n def one():\n-    return 0\n+    return 1\n"
        "@@ -8,2 +8,2 @@\n z = 1\n-z = 2\n+z = 3\n"
    )

    result = apply_patch(root, text)

    assert [hunk.offset for hunk in result.files[0].hunks] == [5, 5]
    assert (root / "a.txt").read_text().split("\n")[13] == "z = 3"


def test_the_heading_tells_places_apart(root: Path) -> None:
    (root / "a.py").write_text(
        "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 1\n"
    )
    apply_patch(
        root,
        "*** Begin Patch\n*** Update File: a.py\n@@ class B:\n     def f(self):\n"
        "-        return 1\n+        return 2\n*** End Patch",
    )

    assert (root / "a.py").read_text().endswith("return 1\n\n\nclass B:\n    def f(self):\n        return 2\n")


@pytest.mark.parametrize(
    ("before", "body", "after", "level"),
    [
        ("a  \nb\nc\n", " a\n-b\n+B\n c\n", "a  \nB\nc\n", "trailing_space"),
        ("\tx\n\t\ta()\n\tb\n", "     x\n-        a()\n+        c()\n     b\n", "\tx\n\t\tc()\n\tb\n", "uniform_indentation"),
        ("    if x:\n        a()\n", " if x:\n-    a()\n+    c()\n", "    if x:\n        c()\n", "uniform_indentation"),
        ("say('hi')\nend = 1\n", " say(‘hi’)\n-end = 1\n+end('x')\n", "say('hi')\nend('x')\n", "unicode_punctuation"),
        ("“a” – one\nz = 0\n", "-\"a\" - one\n+\"a\" - two\n z = 0\n", "“a” – two\nz = 0\n", "unicode_punctuation"),
        ("one\ntwo\nthree\nfour\n", " zero\n two\n-three\n+tree\n four\n", "one\ntwo\ntree\nfour\n", "anchors"),
    ],
)  # fmt: skip
def test_every_level_is_named_and_keeps_the_file_s_bytes(root: Path, before: str, body: str, after: str, level: str) -> None:
    (root / "a.txt").write_text(before)
    result = apply_patch(root, f"--- a/a.txt\n+++ b/a.txt\n@@ @@\n{body}")

    assert (root / "a.txt").read_text() == after
    assert result.files[0].match_level == level


def test_bytes_survive(root: Path) -> None:
    for data in (
        b"a\r\nline 5\nc\r\n",
        b"\xef\xbb\xbfa\r\nline 5\r\nc", "é\nline 5\nü\n".encode("latin-1"), "é\nline 5\n".encode("utf-16"),
        b"a\x0cb\nline 5\nx\x85\n", b"a\rline 5\rc\r",
    ):  # fmt: skip
        (root / "b").write_bytes(data)
        (root / "b").chmod(0o640)
        apply_patch(root, "b\n<<<<<<< SEARCH\nline 5\n=======\nLINE 5\n>>>>>>> REPLACE\n")
        old, new = (
            ("line 5".encode("utf-16-le"), "LINE 5".encode("utf-16-le")) if data[:2] == b"\xff\xfe" else (b"line 5", b"LINE 5")
        )
        assert (root / "b").read_bytes() == data.replace(old, new)
        assert stat.S_IMODE((root / "b").stat().st_mode) == 0o640


def test_an_edit_that_is_there_already_says_so(root: Path) -> None:
    text = f"--- a/a.txt\n+++ b/a.txt\n{HUNK}"
    apply_patch(root, text)

    again = apply_patch(root, text)

    assert [hunk.status for hunk in again.files[0].hunks] == ["already_applied"]
    assert again.files[0].action == "unchanged"
    assert (root / "a.txt").read_text() == FIVE


def test_blocks_that_build_on_one_another(root: Path) -> None:
    blocks = [("line 5", "five"), ("five\nline 6", "five\nsix"), ("line 1", "one")]
    text = "".join(f"a.txt\n<<<<<<< SEARCH\n{a}\n=======\n{b}\n>>>>>>> REPLACE\n" for a, b in blocks)
    apply_patch(root, text)

    assert (root / "a.txt").read_text() == TEN.replace("line 5\nline 6", "five\nsix").replace("line 1\n", "one\n")


def test_edits_of_the_same_line_are_refused(root: Path) -> None:
    text = "".join(f"a.txt\n<<<<<<< SEARCH\nline 5\n=======\n{new}\n>>>>>>> REPLACE\n" for new in ("x", "y"))
    assert refusal(root, text) == {"a.txt": "overlap"}


def test_best_effort_applies_the_edits_that_fit(root: Path) -> None:
    text = f"--- a/a.txt\n+++ b/a.txt\n{HUNK}@@ -9,2 +9,1 @@\n line 9\n-line ten\n"
    result = apply_patch(root, text, mode="best_effort")

    assert not result.success
    assert [hunk.status for hunk in result.files[0].hunks] == ["applied", "refused"]
    assert (root / "a.txt").read_text() == FIVE


def test_a_stale_file_is_refused_and_says_what_does_not_fit(root: Path) -> None:
    seen = {"a.txt": digest(TEN.encode())}
    (root / "a.txt").write_text(TEN.replace("line 6", "line six"))

    with pytest.raises(PatchConflict, match="the edits at line 3 of the answer no longer fit"):
        apply_patch(root, f"--- a/a.txt\n+++ b/a.txt\n{HUNK}", seen=seen)


def test_feedback_shows_the_real_lines_without_numbers_that_could_be_copied(root: Path) -> None:
    text = "a.txt\n<<<<<<< SEARCH\nline 4\nline five\nline 6\n=======\nx\n>>>>>>> REPLACE\n"
    result, _ = preview(root, parse_edits(text))

    told = for_model(result)
    assert "'line five' is not in the file" in told
    assert "[from line 4]\nline 4\nline 5\nline 6\n" in told
    assert "character by character" in told


def test_the_command_line(root: Path) -> None:
    def run(*args: str, text: str = "") -> tuple[int, dict[str, object]]:
        done = subprocess.run(
            [sys.executable, "-m", "agent.patch", *args], input=text, capture_output=True, text=True, check=False
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else {}

    text = f"--- a/a.txt\n+++ b/a.txt\n{HUNK}"
    assert run("check", "--root", str(root), text=text)[0] == 0
    assert (root / "a.txt").read_text() == TEN
    assert run("apply", "--root", str(root), "--dry-run", text=text)[1]["dry_run"] is True
    status, result = run("apply", "--root", str(root), text=text)
    assert (status, result["success"]) == (0, True)
    assert run("apply", "--root", str(root), text=text.replace("line 4", "no"))[0] == 1
    assert run("backups", "--root", str(root))[1] == {"backups": [{"name": "1", "paths": ["a.txt"]}]}
    assert run("restore", "--root", str(root), "1") == (0, {"success": True, "restored": ["a.txt"]})
    assert (root / "a.txt").read_text() == TEN
    assert run("nonsense")[0] == 2
    assert run("apply", "--root", str(root / "missing"))[0] == 2
