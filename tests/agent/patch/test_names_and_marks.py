"""Names that look alike are refused; what stands around the text of an edit (marks, headers alone) is read for what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_patch, parse_edits, unsafe_reason
from tests.agent.patch.test_fresh_cases import grow, tree_of

HIDDEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\u00ad\u061c\u180e\u2028\u3164\u115f\u2800\u0085"


@pytest.mark.parametrize("char", HIDDEN)
def test_a_name_with_an_invisible_character_is_refused(tmp_path: Path, char: str) -> None:
    assert "invisible" in (unsafe_reason(f"src/a{char}b.py") or "")
    with pytest.raises(PatchRejected):
        apply_patch(tmp_path, f"*** Begin Patch\n*** Add File: src/a{char}b.py\n+x\n*** End Patch\n")
    assert tree_of(tmp_path) == {}


@pytest.mark.parametrize("name", ["café/naïve.py", "文档/说明.md", "дом.txt", "a-b_c+d@1.py"])
def test_a_name_in_any_script_is_fine(name: str) -> None:
    assert unsafe_reason(name) is None


@pytest.mark.parametrize(
    "text",
    [
        "FILE: src\\app.py\nx = 2\n",
        "src\\app.py\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n",
        "--- a\\src\\app.py\n+++ b\\src\\app.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n",
        "*** Begin Patch\n*** Update File: src\\app.py\n@@\n-x = 1\n+x = 2\n*** End Patch\n",
    ],
)
def test_a_path_of_windows_is_a_path(tmp_path: Path, text: str) -> None:
    grow(tmp_path, {"src/app.py": "x = 1\n"})
    apply_patch(tmp_path, text)
    assert tree_of(tmp_path) == {"src/app.py": "x = 2\n"}


@pytest.mark.parametrize("name", ["..\\x.py", "C:\\x.py", "\\x.py", "a\\..\\..\\x.py"])
def test_a_path_of_windows_that_leads_away_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PatchRejected):
        apply_patch(tmp_path, f"FILE: {name}\nx\n")
    assert tree_of(tmp_path) == {}


@pytest.mark.parametrize(
    "text",
    [
        "diff --git a/a.txt b/a.txt\ndeleted file mode 100644\nindex 1..0\n",
        "diff --git a/a.txt b/a.txt\ndeleted file mode 100644\nindex 1..0\n--- a/a.txt\n+++ /dev/null\n",
        "--- a/a.txt\n+++ /dev/null\n",
        "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\n",
    ],
)
def test_a_header_alone_deletes(tmp_path: Path, text: str) -> None:
    grow(tmp_path, {"a.txt": "one\n", "b.txt": "two\n"})
    apply_patch(tmp_path, text)
    assert tree_of(tmp_path) == {"b.txt": "two\n"}


def test_a_byte_order_mark_is_put_there_or_taken_away_where_the_hunk_says_so(tmp_path: Path) -> None:
    grow(tmp_path, {"a.txt": "\ufeffone\n", "b.txt": "one\n", "c.txt": "\ufeffone\ntwo\n"})
    apply_patch(
        tmp_path,
        "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-\ufeffone\n+ONE\n"
        "--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-one\n+\ufeffONE\n"
        "--- a/c.txt\n+++ b/c.txt\n@@ -1,2 +1,2 @@\n \ufeffone\n-two\n+TWO\n",
    )
    assert tree_of(tmp_path) == {"a.txt": "ONE\n", "b.txt": "\ufeffONE\n", "c.txt": "\ufeffone\nTWO\n"}


@pytest.mark.parametrize("indent", ["", "  ", "\t"])
@pytest.mark.parametrize(
    ("old", "new", "wanted"), [("\ufeff", "\ufeff", "\ufeff"), ("\ufeff", "", ""), ("", "\ufeff", "\ufeff")]
)
def test_a_byte_order_mark_is_told_behind_an_indentation_that_the_file_lacks(
    tmp_path: Path, indent: str, old: str, new: str, wanted: str
) -> None:
    grow(tmp_path, {"a.txt": f"{old}one\ntwo\n"})
    apply_patch(tmp_path, f"--- a/a.txt\n+++ b/a.txt\n@@ -1,1 +1,1 @@\n-{indent}{old}one\n+{indent}{new}ONE\n")
    assert tree_of(tmp_path) == {"a.txt": f"{wanted}ONE\ntwo\n"}


@pytest.mark.parametrize(
    "block",
    [
        "<<<<<<< SEARCH\nb\n=======\nB\n==========\n>>>>>>> REPLACE\n",
        "<<<<<<< SEARCH\nb\n=======\nB\n====\n\n>>>>>>> REPLACE\n",
        "<<<<<<< SEARCH\nb\n=======\n\n=======\nB\n>>>>>>> REPLACE\n",
        "<<<<<<< SEARCH\n=======\nb\n=======\nB\n>>>>>>> REPLACE\n",
    ],
    ids=["longer", "shorter", "a blank line between", "above"],
)
def test_a_divider_too_many_is_not_text(tmp_path: Path, block: str) -> None:
    grow(tmp_path, {"a.py": "a\nb\nc\n"})
    apply_patch(tmp_path, f"a.py\n{block}")
    assert tree_of(tmp_path) == {"a.py": "a\nB\nc\n"}


@pytest.mark.parametrize(
    ("path", "old", "new"), [("a.md", "Old", "A new name\n=========="), ("a.py", "=====\nb\n=====", "=====\nB\n=====")]
)
def test_a_line_of_equals_signs_of_the_file_stays(tmp_path: Path, path: str, old: str, new: str) -> None:
    grow(tmp_path, {path: f"a\n{old}\nc\n"})
    apply_patch(tmp_path, f"{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n")
    assert tree_of(tmp_path) == {path: f"a\n{new}\nc\n"}


@pytest.mark.parametrize(
    ("said", "is_other"),
    [
        ("(In other/template2.app/core/template)", True),
        ("In the file other/bin/run:", True),
        ("Now for the read/write/close path:", False),
        ("This adds golang.org/x/sync to the imports:", False),
        ("In src/app/core:", False),
        ("The route GET api/v1/users:", False),
    ],
)
def test_a_hunk_below_a_place_that_is_another_file_is_not_made_in_the_one_before(said: str, is_other: bool) -> None:
    first = "--- a/src/app/core/x.py\n+++ b/src/app/core/x.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    error = parse_edits(f"{first}\n{said}\n\n@@ -9,2 +9,2 @@\n d\n-e\n+f\n").error
    assert (error is not None and "names no file" in str(error)) is is_other
