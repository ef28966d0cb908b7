"""What is cut of a program's output says so, and begins with a whole line or word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.excerpts import end_of

ERROR = "error: Failed to fetch: `https://pypi.org/simple/flask/`\n  Caused by: dns error: the name is unknown"


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (len(ERROR), ERROR),
        (len(ERROR) - 2, "… Failed to fetch: `https://pypi.org/simple/flask/`\n  Caused by: dns error: the name is unknown"),
        (60, "… Caused by: dns error: the name is unknown"),
        (24, "… the name is unknown"),
    ],
)
def test_the_end_of_an_output_begins_with_a_whole_word(limit: int, said: str) -> None:
    assert end_of(f"\n{ERROR}\n", limit) == said


def test_one_long_word_is_cut_where_it_must_be() -> None:
    assert end_of("x" * 1_000, 10) == "… " + "x" * 8


@given(st.text("ab \n", max_size=60), st.integers(4, 40))
def test_it_is_the_end_and_keeps_to_its_limit(output: str, limit: int) -> None:
    said = end_of(output, limit)
    assert len(said) <= limit
    if said != output.strip():
        assert said.startswith("… ") and output.strip().endswith(said[2:])
