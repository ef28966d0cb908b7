"""Answers that once stopped the worker, at the sizes at which they did; growth is measured in ``tests/hostile``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_patch, for_model, parse_edits, preview
from agent.patch.bounds import MAX_CHARACTERS, MAX_FILES, MAX_HUNKS, MAX_LINES
from tests.support.processor import at_most

SECONDS = 20.0
"""Of the processor: each takes a tenth of it or less, and took from 23 s to more than two minutes on a quick machine. Growth is
measured in ``tests/hostile``."""

NAMES = "--- a/x.py\n+++ b/x.py\n"
BLOCK = "x.py\n<<<<<<< SEARCH\nline 1\n=======\nchanged\n>>>>>>> REPLACE\n"
FILE = "".join(f"line {at}\n" for at in range(50_000))


@pytest.mark.parametrize(
    ("answer", "success"),
    [
        pytest.param(
            "diff --git " + "a/b " * 50_000 + "\n" + NAMES + "@@ -2 +2 @@\n-line 1\n+b\n", True, id="a long git header"
        ),
        pytest.param("some prose\n" * 40_000 + BLOCK, True, id="prose before a block"),
        pytest.param(
            NAMES + "".join(f"@@\n nothing {at}\n-is here {at}\n+b\n" for at in range(2_000)), False, id="many misses"
        ),
        pytest.param(
            NAMES + "".join(f"@@\n line none {at}\n-a line of {at}\n+b\n" for at in range(2_000)),
            False,
            id="misses of known words",
        ),
        pytest.param(NAMES + "@@ -1,3 +1,3 @@\n" + "line\n" * 250_000, False, id="lines without prefix"),
    ],
)
def test_what_stopped_the_worker_takes_no_time(tmp_path: Path, answer: str, success: bool) -> None:
    (tmp_path / "x.py").write_text(FILE)
    with at_most(SECONDS):
        result, _ = preview(tmp_path, parse_edits(answer))
        told = for_model(result)
    assert result.success is success
    assert success or (told and len(told) < 100_000)


def test_many_edits_of_a_large_file_are_all_made(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(FILE)
    with at_most(SECONDS):
        apply_patch(tmp_path, NAMES + "".join(f"@@\n-line {at}\n+changed {at}\n" for at in range(0, 50_000, 250)))
    assert (tmp_path / "x.py").read_text().count("changed") == 200


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("x" * (MAX_CHARACTERS + 1), "characters"),
        ("\n" * MAX_LINES, "lines"),
        ("".join(f"FILE: {at}.py\nx\n" for at in range(MAX_FILES + 1)), "files"),
        (NAMES + "@@\n-a\n+b\n" * (MAX_HUNKS + 1), "edits"),
    ],
    ids=["characters", "lines", "files", "edits"],
)
def test_more_than_the_bounds_is_refused_with_what_to_do(answer: str, reason: str) -> None:
    error = parse_edits(answer).error
    assert error is not None
    assert re.search(f"{reason}.*; at most", error.detail)
    assert "several answers" in error.hint


def test_edits_that_fit_everywhere_are_refused_and_not_tried_for_hours(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("same\n" * 10_000)
    body = "+x\nsame\nsame\nsame\nsame\nsame\n-same\n"
    with at_most(SECONDS):
        with pytest.raises(PatchRejected, match="send fewer of them"):
            apply_patch(tmp_path, NAMES + f"@@\n{body}" * 1_000)
    assert (tmp_path / "x.py").read_text() == "same\n" * 10_000
