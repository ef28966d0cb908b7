"""Where an edit goes: of every kind most siblings are applied right, the rest is refused, and none goes to a wrong place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from agent.patch import parse_edits, preview
from tests.agent.patch.placement_kinds import KINDS, Sibling, siblings
from tests.support.drills import times

COUNT = times(200, 24)
"""Of each kind."""
RIGHT, REFUSED, WRONG = "right", "refused", "wrong"


def outcome(root: Path, given: Sibling) -> str:
    root.mkdir()
    for path, text in given.before.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    edits = parse_edits(given.patch)
    result, files = preview(root, edits) if edits.error is None else (None, [])
    if result is None or not result.success:
        return RIGHT if not given.after or given.may_refuse else REFUSED
    made = given.before | {file.path: file.text for file in files}
    return RIGHT if any(made == given.before | tree for tree in given.after) else WRONG


@pytest.mark.parametrize("name", KINDS)
def test_an_edit_goes_to_its_place_or_nowhere(tmp_path: Path, name: str) -> None:
    found: Counter[str] = Counter()
    for number, given in enumerate(siblings(name, COUNT)):
        result = outcome(tmp_path / str(number), given)
        assert result != WRONG, f"{name} {number}\n{given.patch}\n{given.before}"
        found[result] += 1

    assert found[RIGHT] >= 0.97 * found.total()
