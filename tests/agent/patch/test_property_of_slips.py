"""For any text, any edit of it and any chain of up to three slips: the result is the text that was meant, or a refusal."""

from __future__ import annotations

import random
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.patch import parse_edits, preview
from tests.agent.patch.diffs import sides
from tests.agent.patch.slips import ELISIONS, FORMS, SLIPS, Draft, bare, draft
from tests.support.drills import LONG, times

pytestmark = pytest.mark.slow

EXAMPLES = times(20_000, 500)
"""``make test DRILLS=1 ARGS=tests/agent/patch/test_property_of_slips.py`` runs the long form; the short one always has the same
examples, so that what it says is of the change that is tested."""

WORDS = ["value = 1", "return value", "if ready:", "}", "", "# a note", "- item", "def run(self):", "<p>text</p>", 'name = "x"']
LINES = st.builds(
    lambda depth, text: " " * depth + text if text else "",
    st.sampled_from([0, 0, 4, 4, 8]),
    st.sampled_from(WORDS) | st.integers(0, 99).map(lambda number: f"call_{number}(a, b)"),
)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and what one to three edits make of it."""
    before = draw(st.lists(LINES, min_size=2, max_size=24))
    after = list(before)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(after)))
        gone = draw(st.integers(0, 2))
        new = draw(st.lists(LINES, min_size=not gone, max_size=3))
        after[at : at + gone] = new
    return "".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after)


@cache
def _root() -> Path:
    return Path(tempfile.mkdtemp())


def outcome(answer: Draft) -> str | None:
    """The text of the file once the answer is applied; None where it is refused. An answer that changes nothing leaves it."""
    place = _root() / answer.path
    place.write_bytes(answer.before.encode())
    edits = parse_edits(answer.text())
    if edits.error is not None:
        return None
    result, files = preview(_root(), edits)
    if not result.success:
        return None
    made = {file.path: file.text for file in files}
    assert set(made) <= {answer.path}, f"it makes {sorted(made)}"
    return made.get(answer.path, answer.before)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=not LONG)
@given(
    edits(),
    st.sampled_from(FORMS),
    st.integers(0, 4),
    st.lists(st.sampled_from(sorted(SLIPS)), max_size=3),
    st.integers(0, 1 << 16),
)
def test_the_result_is_what_was_meant_or_a_refusal(
    texts: tuple[str, str], form: str, context: int, names: list[str], seed: int
) -> None:
    before, after = texts
    if before == after:
        return
    answer = draft("x.py", before, after, form, context)
    if form == "search_replace" and not all(bare(sides(part)[0]) for part in answer.hunks):
        return  # a SEARCH part without words means a new file
    done = []
    for name in names:
        slipped = SLIPS[name](answer, random.Random(f"{seed}/{name}"))
        if slipped is not None:
            answer, done = slipped, [*done, name]
    found = outcome(answer)
    if "elided_new_lines" in done and found is not None:  # what was meant is not told, but never the elision itself
        assert not any(mark in found for mark in ELISIONS), f"{done}\n{answer.text()}"
        return
    assert found in (None, answer.after), (
        f"{done}\n--- the file\n{answer.before}--- the answer\n{answer.text()}--- became\n{found}"
    )
