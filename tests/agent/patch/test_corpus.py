"""Real edits with the errors of models: nearly all are applied right, and none ever in a wrong place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.agent.patch.corpus import edits
from tests.agent.patch.damage import ERRORS
from tests.agent.patch.judge import RIGHT, WRONG, cases, ours, verdict
from tests.support.drills import times

EVERY = times(6, 24)
"""Each error meets every sixth or 24th edit here, each another part; ``python -m benchmarks.patch`` runs them all."""


def test_the_corpus_is_large_and_real() -> None:
    assert len(edits()) >= 300
    assert len({edit.name for edit in edits()}) >= 10
    assert all(edit.before != edit.after for edit in edits())


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_a_model_is_mended_or_refused(tmp_path: Path, name: str) -> None:
    found: Counter[str] = Counter()
    for number, (_, edit, damaged) in enumerate(cases([name], EVERY)):
        result = verdict(damaged, ours(tmp_path / str(number), edit, damaged))
        assert result != WRONG, f"{name} of {edit.name} {edit.path}"
        found[result] += 1

    assert found[RIGHT] >= 0.9 * found.total()
