"""Siblings of what models were seen to send: none is ever applied wrong, and nearly all that say enough are applied."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.agent.patch.judge import REFUSED, RIGHT, WRONG
from tests.agent.patch.kinds import KINDS, SIBLINGS, siblings
from tests.agent.patch.tree_judge import judged_tree
from tests.support.drills import times


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_kind_is_applied_right_or_refused(tmp_path: Path, name: str) -> None:
    found: Counter[str] = Counter()
    for number, answer in enumerate(siblings(name, times(SIBLINGS, 8))):
        verdict = judged_tree(tmp_path / "tree", answer)
        assert verdict != WRONG, f"{name}, number {number}:\n{answer.text}"
        found[RIGHT if verdict == REFUSED and answer.may_refuse else verdict] += 1

    assert found[RIGHT] >= 0.97 * found.total()


def test_each_kind_has_its_siblings() -> None:
    assert len(KINDS) >= 17
    assert len({answer.text for answer in siblings("two_names", SIBLINGS)}) == SIBLINGS >= 20
