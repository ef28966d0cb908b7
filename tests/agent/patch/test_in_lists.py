"""Edits that are indented as a whole: nothing of the list is written, and lines that are only spaces keep their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.patch import parse_edits, preview

BEFORE = "class A:\n    def f(self):\n        a = 1\n        b = 2\n        return a\n"


def made(root: Path, answer: str) -> str | None:
    """The file's text after the answer; None where it is refused."""
    (root / "x.py").write_text(BEFORE)
    result, files = preview(root, parse_edits(answer))
    return files[0].text if result.success else None


@pytest.mark.parametrize("blank", ["", "        ", "   ", " "])
@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("head", ["1. `x.py`:\n\n", "- In `x.py`\n", "2) Then:\n\n{}x.py\n", "* So:\n{}```python\n{}x.py\n"])
def test_a_new_line_of_spaces_has_those_that_were_meant(tmp_path: Path, head: str, depth: int, blank: str) -> None:
    indent = " " * depth
    block = ["<<<<<<< SEARCH", "        a = 1", "=======", "        a = 2", blank, ">>>>>>> REPLACE"]
    lines = [indent + line for line in (*block, *(["```"] if "```" in head else []))]
    answer = head.replace("{}", indent) + "\n".join(lines) + "\n"
    assert made(tmp_path, answer) == BEFORE.replace("a = 1\n", f"a = 2\n{blank}\n")


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("    a = 1", "    a = 2\n    ", "        a = 2\n        "),  # it moves with the lines around it
        ("            a = 1", "            a = 2\n            ", "        a = 2\n        "),
        ("            a = 1", "            a = 2\n        ", "        a = 2\n        "),  # it has the file's depth already
        ("            a = 1", "            a = 2\n  ", None),
        ("            a = 1", "            a = 2\n", "        a = 2\n"),
    ],
)
def test_a_line_of_spaces_follows_the_rule_of_the_lines_around_it(
    tmp_path: Path, old: str, new: str, wanted: str | None
) -> None:
    answer = f"x.py\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"
    assert made(tmp_path, answer) == (None if wanted is None else BEFORE.replace("        a = 1", wanted))
