"""Answers as weak models write them: nearly all are understood at once, the rest when the team asks again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AgentError, Interrupted
from tests.agent.conftest import SMALL_REPOSITORY
from tests.agent.harness import Harness, ScriptedModel, make_repository
from tests.agent.test_pipeline import CODE, EDIT, EDITED
from tests.support.team_script import plan, review, script

pytestmark = pytest.mark.asyncio
CORPUS = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "malformed").glob("*.txt"))}
ACTIONS = {"plan": "DraftPlan", "review": "ReviewCode", "code": "WriteCode", "tests": "WriteTest"}
GOOD = {"plan": plan("shop/prices.py"), "review": review(), "code": CODE, "tests": "NO CHANGE"}
ASKED_AGAIN = frozenset(
    (
        "code-no-path",
        "code-path-in-backticks",
        "code-prose-only",
        "code-unclosed-fence",
        "plan-list-alone",
        "plan-markdown",
        "plan-of-only-prose",
        "plan-of-yaml",
        "plan-truncated",
        "plan-without-summary",
        "review-approved-flag",
        "review-prose",
        "review-request-changes-late",
        "review-undecided",
    )
)
"""What nobody could understand for certain."""


async def retries(kind: str, bad: str, root: Path, *, faults: int) -> int | None:
    """How often the team asked again until the fault was gone, which the model repeats ``faults`` times; None: never."""
    action = ACTIONS[kind]
    answers: dict[str, Any] = {action: [*[bad] * faults, GOOD[kind]]}
    if kind == "code":
        answers["ReviseCode"] = [*[bad] * (faults - 1), CODE]
    team = script(**{"code": CODE, "files": ["shop/prices.py"], **answers})
    harness = Harness(make_repository(root, SMALL_REPOSITORY), ScriptedModel(team))
    try:
        if kind == "plan":
            await harness.plan(EDIT)
        else:
            await harness.run(EDIT)
            assert (root / "shop/prices.py").read_text() == EDITED
    except (AgentError, Interrupted, AssertionError):
        return None
    asked = Counter(request.action for request in harness.model.requests)
    return asked[action] - 1 + asked["ReviseCode"]


async def test_at_least_95_of_100_are_recovered_in_two_retries(tmp_path: Path) -> None:
    took = {name: await retries(name.partition("-")[0], bad, tmp_path / name, faults=2) for name, bad in CORPUS.items()}
    recovered = [name for name, count in took.items() if count is not None and count <= 2]
    lost = sorted(set(took) - set(recovered))
    assert len(CORPUS) >= 30
    assert len(recovered) / len(took) >= 0.95, lost
    asked_again = {name for name, count in took.items() if count != 0}
    assert asked_again == ASKED_AGAIN, "each costs a call, so the list is kept short"
