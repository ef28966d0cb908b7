"""An answer that can be read in two ways: the one that fits is made, and where both do, the places are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.patch import for_model, parse_edits, preview


def made(root: Path, path: str, before: str, patch: str) -> str | None:
    """The file's text after the patch; None where it is refused."""
    (root / path).write_text(before)
    result, files = preview(root, parse_edits(patch))
    assert result.success or for_model(result)
    return (files[0].text if files else before) if result.success else None


def test_the_reading_that_parses_is_made(tmp_path: Path) -> None:
    before = "def f():\n if a:\n  b()\n return 1\n"
    patch = "--- a/x.py\n+++ b/x.py\n@@ -2,2 +2,4 @@\n  if a:\n   b()\n  else:\n+  c()\n"
    assert made(tmp_path, "x.py", before, patch) == "def f():\n if a:\n  b()\n else:\n  c()\n return 1\n"


def test_where_both_fit_nothing_is_made(tmp_path: Path) -> None:
    patch = "--- a/x.txt\n+++ b/x.txt\n@@ -2,2 +2,4 @@\n  a\n+  x\n  c\n   b\n"
    assert made(tmp_path, "x.txt", "list\n a\n  b\nend\n", patch) is None  # "c" belongs to "a" or to "b"


@pytest.mark.parametrize(
    ("before", "patch"),
    [
        ("k\n\nv\nw\nk\n\nv\nz\n", "@@\n k\n-v\n+V\n"),
        ("a\nport = 2\n\na\nport = 1\n", "@@ -1,2 +1,2 @@\n a\n-port = 1\n+port = 2\n"),
    ],
    ids=["blank lines apart", "done at the line, to be done elsewhere"],
)
def test_a_refusal_names_the_places(tmp_path: Path, before: str, patch: str) -> None:
    (tmp_path / "x.txt").write_text(before)
    result, _ = preview(tmp_path, parse_edits(f"--- a/x.txt\n+++ b/x.txt\n{patch}"))
    assert not result.success
    assert len(result.files[0].hunks[0].candidates) == 2
    assert "It could belong at line" in for_model(result)


def test_new_lines_with_their_numbers_are_not_written_by_number_alone(tmp_path: Path) -> None:
    assert made(tmp_path, "x.txt", "a\nb\n", "--- a/x.txt\n+++ b/x.txt\n@@ -1,0 +2,2 @@\n+2: c\n+3: d\n") is None


@pytest.mark.parametrize(
    ("before", "hunk", "wanted"),
    [
        ("value = 1\nreturn value\n", "@@ -2,0 +3,2 @@\nvalue = 1\n+return value\n", "value = 1\nreturn value\n" * 2),
        ("value = 1\nvalue = 1\n", "@@ -2,1 +2,2 @@\n value = 1\nvalue = 1\n", "value = 1\n" * 3),
        ("value = 1\nvalue = 1\n", "@@ -1,1 +1,3 @@\n value = 1\n    return value\n value = 1\n", None),
        ("value = 1\nvalue = 1\n", "@@ -1,1 +1,3 @@\n return value\n    # a note\n value = 1\n", None),
        ("return value\nvalue = 1\n", "@@ -1,1 +1,2 @@\nvalue = 1\n return value \n", None),
        ("return value\nvalue = 1\n", "@@ -1,1 +1,3 @@\nreturn value\n+return value\n return value  \n", None),
        ("value = 1\nvalue = 1\n", "@@ -1,1 +1,3 @@\n value = 1\n+return value\n value = 1\n", None),
        ("a(\n],\n}\n", "@@ -1,3 +1,5 @@\n a(\n ],\n+'c': [\n  ],\n }\n", "a(\n],\n'c': [\n],\n}\n"),
    ],
    ids=[
        "all of it is new by its counts",
        "what stands around is like it",
        "a plus and a space are lost",
        "and both are new",
        "context that differs by space",
        "and at its place",
        "a line that stands twice",
        "a space for the plus",
    ],
)
def test_what_the_counts_and_the_hunk_itself_tell(tmp_path: Path, before: str, hunk: str, wanted: str | None) -> None:
    found = made(tmp_path, "x.txt", before, f"--- a/x.txt\n+++ b/x.txt\n{hunk}")
    assert found in (wanted, None), found
    if wanted is not None and "]" not in hunk:
        assert found == wanted


def test_counts_that_contradict_the_context_are_refused() -> None:
    error = parse_edits("--- a/x.txt\n+++ b/x.txt\n@@ -2,0 +3,2 @@\n+value = 1\n value = 1\n").error
    assert error is not None
    assert "all of it is new" in error.detail


def test_a_lone_end_of_a_block_without_prefix_is_too_little(tmp_path: Path) -> None:
    patch = "*** Begin Patch\n*** Update File: x.c\n@@\n    }\n+    call();\n*** End Patch\n"
    assert made(tmp_path, "x.c", "{\n    }\n}\n", patch) is None


@pytest.mark.parametrize(
    ("before", "hunk"),
    [
        ("    value = 1\n\n- item\n", "@@ -3,1 +3,2 @@\n- item\n+- item\n"),
        ("    value = 1\n\n- item\n", "@@\n- item\n+- item\n"),
        ("a\n- item\nb\n", "@@\n a\n- item\n+- other\n"),
        ("a\n+ item\nb\n", "@@\n+ item\n-b\n+B\n"),
        ("a\n+ item\nb\n", "@@ -2,2 +2,2 @@\n+ item\n-b\n+B\n"),
        ("b\n- item\nc\n", "@@ -1,2 +1,2 @@\n-b\n+B\n- item\n"),
    ],
    ids=["counts", "no counts", "removed", "added", "added, counts", "at the end"],
)
def test_context_that_begins_as_a_change_does_is_not_taken_for_one(tmp_path: Path, before: str, hunk: str) -> None:
    assert made(tmp_path, "x.txt", before, f"--- a/x.txt\n+++ b/x.txt\n{hunk}") is None


@pytest.mark.parametrize(
    ("before", "hunk"),
    [
        ("a\nb\n", "@@ -1,2 +1,3 @@\n a\n- item\n b\n"),
        ("a\n item\nb\n", "@@ -1,3 +1,4 @@\n a\n- item\n  item\n b\n"),
        ("a\nb\n", "@@ -1,2 +1,4 @@\n a\n- item\n- other\n b\n"),
        ("a\nb\n", "@@ -1,2 +1,3 @@\n a\n--flag\n b\n"),
        ("a\n item\nb\n", "@@ -1,3 +1,2 @@\n a\n+ item\n b\n"),
    ],
    ids=["an item", "beside its text", "two", "an option", "the other way round"],
)
def test_counts_tell_that_the_sign_of_a_line_is_its_text(tmp_path: Path, before: str, hunk: str) -> None:
    assert made(tmp_path, "x.txt", before, f"--- a/x.txt\n+++ b/x.txt\n{hunk}") is None


def test_counts_tell_that_a_line_is_removed(tmp_path: Path) -> None:
    hunk = "@@ -2,1 +2,1 @@\n- item\n+- item\n"
    assert made(tmp_path, "x.txt", "a\n- item\n", f"--- a/x.txt\n+++ b/x.txt\n{hunk}") == "a\n- item\n", "it is done already"
    assert made(tmp_path, "x.txt", "a\n item\n", f"--- a/x.txt\n+++ b/x.txt\n{hunk}") == "a\n- item\n"


def test_lines_that_stand_where_the_other_edits_say_are_not_done_already(tmp_path: Path) -> None:
    before = "# new\n# new\nv = 1\nv = 1\nreturn v\nreturn v\nv = 1\n"
    hunks = "@@ -1,2 +1,1 @@\n-v = 1\n v = 1\n@@ -4,2 +3,3 @@\n return v\n+return v\n v = 1\n"
    assert made(tmp_path, "x.txt", before, f"--- a/x.txt\n+++ b/x.txt\n{hunks}") is None
    assert (
        made(tmp_path, "x.txt", before[12:], f"--- a/x.txt\n+++ b/x.txt\n{hunks}") == "v = 1\n" + "return v\n" * 3 + "v = 1\n"
    )
    hunks = "@@\n-v = 1\n v = 1\n@@\n return v\n+return v\n v = 1\n"
    assert made(tmp_path, "x.txt", before[12:], f"--- a/x.txt\n+++ b/x.txt\n{hunks}") is None


def test_a_line_that_stands_there_without_a_space_too_gets_none(tmp_path: Path) -> None:
    hunk = "@@ -1,2 +1,3 @@\ndef run(self):\n def run(self):\n     return value\n"
    before = "def run(self):\n    return value\n"
    found = made(tmp_path, "x.py", before, f"--- a/x.py\n+++ b/x.py\n{hunk}")
    assert found in (None, "def run(self):\ndef run(self):\n    return value\n")
