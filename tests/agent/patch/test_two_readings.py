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


@pytest.mark.parametrize(
    "before",
    [
        "a\nreturn value\nvalue = 1\n",
        "return value\nreturn value\nvalue = 1\n",
        "value = 1\nreturn value\nb\n",
        "value = 1\nreturn value\nreturn value\nb\n",
        "value = 1\nreturn value\n",
        "a\nreturn value\nb\n",
    ],
)
def test_where_counts_leave_no_context_a_line_without_plus_is_none(tmp_path: Path, before: str) -> None:
    first, _, *rest = before.split("\n")
    wanted = "\n".join(["return value", first, "value = 1", *rest])
    hunks = "@@ -0,0 +1,1 @@\nreturn value\n@@ -2,1 +3,1 @@\n-return value\nvalue = 1\n"
    assert made(tmp_path, "x.txt", before, f"--- a/x.txt\n+++ b/x.txt\n{hunks}") in (None, wanted)


@pytest.mark.parametrize("lost", ["c\n", " c\n"], ids=["nothing", "a space"])
def test_what_another_hunk_makes_places_no_line_that_may_be_new(tmp_path: Path, lost: str) -> None:
    hunks = f"@@ -1,1 +1,2 @@\n a\n+b\n@@ -9,1 +10,1 @@\n-b\n{lost}"
    assert made(tmp_path, "x.txt", "a\nc\n", f"--- a/x.txt\n+++ b/x.txt\n{hunks}") is None


@pytest.mark.parametrize("stale", ["return valuee", "RETURN VALUE", "return  value"])
def test_context_that_is_stale_at_one_place_is_not_new_at_another(tmp_path: Path, stale: str) -> None:
    patch = f"*** Begin Patch\n*** Update File: x.txt\n@@\n+value = 1\nreturn value\n{stale}\n*** End Patch\n"
    before = "return value\nreturn value\n"
    assert made(tmp_path, "x.txt", before, patch) in (None, f"value = 1\n{before}")


@pytest.mark.parametrize(
    ("before", "hunk", "wanted"),
    [
        ("v\n    r\n", "@@ -1,2 +1,3 @@\n    r\nv\n    r\n", "    r\nv\n    r\n"),
        (
            "a {\n    {x,\n     y},\n}\n",
            "@@ -1,4 +1,4 @@\na {\n    {x,\n-     y},\n     z},\n}\n",
            "a {\n    {x,\n     z},\n}\n",
        ),
    ],
    ids=["a line that stands below", "beside a removed one"],
)
def test_an_added_line_loses_no_space_where_context_lost_its_own(tmp_path: Path, before: str, hunk: str, wanted: str) -> None:
    assert made(tmp_path, "x.txt", before, f"--- a/x.txt\n+++ b/x.txt\n{hunk}") in (None, wanted)


@pytest.mark.parametrize(
    ("hunk", "added"),
    [
        ("@@\n a:\n  b: 1\n+  c: 2\n   d: 3\n", "  c: 2"),
        ("@@\na:\n   b: 1\n+  c: 2\n   d: 3\n", "  c: 2"),
        ("@@\n   b: 1\n+  c: 2\n  d: 3\n", "  c: 2"),
        ("@@\n   b: 1\n+ c: 2\n  d: 3\n", None),
    ],
    ids=["the second", "the first", "the last", "all may be outdented"],
)
def test_some_lines_of_context_may_have_lost_their_prefix(tmp_path: Path, hunk: str, added: str | None) -> None:
    wanted = None if added is None else f"a:\n  b: 1\n{added}\n  d: 3\n"
    assert made(tmp_path, "x.yml", "a:\n  b: 1\n  d: 3\n", f"--- a/x.yml\n+++ b/x.yml\n{hunk}") == wanted


@pytest.mark.parametrize("last", ["    D = 4", "    d = 44", "    dd = 4"])
@pytest.mark.parametrize("lost", ["", " "], ids=["all of the context", "blank lines"])
def test_counts_that_are_short_by_a_stale_line_make_no_blank_line_new(tmp_path: Path, last: str, lost: str) -> None:
    before = "    v = 1\ncall()\n    b = 2\n    c = 3\n\n    e = 5\n    d = 4\n"
    body = f"{lost}    v = 1\n-call()\n{lost}    b = 2\n{lost}    c = 3\n+x = 1\n\n{lost}    e = 5\n{lost}{last}\n"
    wanted = before.replace("call()\n", "").replace("c = 3\n", "c = 3\nx = 1\n")
    assert made(tmp_path, "x.txt", before, f"--- a/x.txt\n+++ b/x.txt\n@@ -1,6 +1,7 @@\n{body}") in (None, wanted)


def test_a_divider_too_many_does_not_make_a_block_done(tmp_path: Path) -> None:
    patch = "x.py\n<<<<<<< SEARCH\n}\n=======\n=======\nrun(a, b)\n>>>>>>> REPLACE\n"
    assert made(tmp_path, "x.py", "a\n}\nb\nrun(a, b)\n", patch) == "a\nrun(a, b)\nb\nrun(a, b)\n"


@pytest.mark.parametrize("sign", [" ", ""])
@pytest.mark.parametrize("depth", ["", "    "])
def test_two_lines_that_lost_their_plus_are_new_where_no_line_lost_a_space(tmp_path: Path, sign: str, depth: str) -> None:
    old, new = [f"{depth}{name} = {name}" for name in "abc"], [f"{depth}x = 1", f"{depth}y = 2"]
    body = "\n".join([f" {old[0]}", *(sign + line for line in new), f" {old[1]}", f" {old[2]}"])
    patch = f"--- a/x.py\n+++ b/x.py\n@@ -2,3 +2,5 @@\n{body}\n"
    lines = ["if t:" if depth else "t = 1", *old, ""]
    assert made(tmp_path, "x.py", "\n".join(lines), patch) == "\n".join([*lines[:2], *new, *lines[2:]])


def test_two_lines_that_lost_their_plus_in_a_hunk_that_lost_spaces_are_not_guessed(tmp_path: Path) -> None:
    patch = "--- a/x.py\n+++ b/x.py\n@@ -2,2 +2,4 @@\n    a = 1\n   x = 1\n   y = 1\n    b = 2\n"
    assert made(tmp_path, "x.py", "if t:\n    a = 1\n    b = 2\n", patch) in (
        None,
        "if t:\n    a = 1\n    x = 1\n    y = 1\n    b = 2\n",
    )


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_line_that_only_counts_make_new_is_not_context_in_another_indentation(tmp_path: Path, depth: int) -> None:
    indent = " " * depth
    patch = f"--- a/x.py\n+++ b/x.py\n@@ -1,1 +1,1 @@\n-a = 1\n{indent}b()\n"
    assert made(tmp_path, "x.py", f"a = 1\na = 1\n{indent}b()\n", patch) in (None, f"{indent}b()\na = 1\n{indent}b()\n")


@pytest.mark.parametrize("sign", [" ", ""])
def test_a_line_that_counts_make_new_is_not_context_of_another_place(tmp_path: Path, sign: str) -> None:
    patch = f"--- a/x.py\n+++ b/x.py\n@@ -1,1 +1,1 @@\n-a = 1\n{sign}    a = 1\n"
    assert made(tmp_path, "x.py", "a = 1\n    a = 1\na = 1\n", patch) in (None, "    a = 1\n    a = 1\na = 1\n")


@pytest.mark.parametrize(("old", "new"), [("a\nb\n", "a\na\nb\n"), ("b\na\n", "b\na\na\n")])
def test_a_block_that_repeats_a_line_is_not_done_by_chance(tmp_path: Path, old: str, new: str) -> None:
    before = f"top\n{new}end\n"
    patch = f"x.txt\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"
    assert made(tmp_path, "x.txt", before, patch) in (None, before.replace(old, new))


def test_a_block_whose_old_lines_are_gone_is_done(tmp_path: Path) -> None:
    patch = "x.txt\n<<<<<<< SEARCH\nx\na\nb\n=======\nx\na\na\nb\n>>>>>>> REPLACE\n"
    assert made(tmp_path, "x.txt", "top\nx\na\na\nb\n", patch) == "top\nx\na\na\nb\n"


@pytest.mark.parametrize("body", ["a = 1\n a = 1\n", " a = 1\na = 1\n", " a = 1\n a = 1\n"])
def test_a_repeated_line_that_lost_its_plus_is_not_done_by_chance(tmp_path: Path, body: str) -> None:
    before = "a = 1\na = 1\nreturn a\n"
    patch = f"--- a/x.py\n+++ b/x.py\n@@ -1,1 +1,2 @@\n{body}"
    assert made(tmp_path, "x.py", before, patch) in (None, f"a = 1\n{before}")
