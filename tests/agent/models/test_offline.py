"""The model that needs no account says what it can't do in the words of who asked for it."""

from __future__ import annotations

import pytest

from agent.errors import AgentError
from agent.models.offline import OfflineModel
from agent.ports import ModelRequest
from agent.stages.problem import Problem

PERSON = [{"code": "rejected", "path": "README.md", "message": "no README please", "hint": ""}]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("problem", "said", "not_said"),
    [
        (Problem("changes", "A person has reviewed the change.", PERSON), "no README please", "did not pass"),
        (Problem("guardrails", "The answer breaks the rules.", [{"code": "syntax", "message": "bad"}]), "bad", "did not pass"),
        (Problem("guardrails", "The answer breaks the rules."), "guardrails refused it", "did not pass"),
        (Problem("tests", "The tests fail.", (), "1 failed"), "did not pass", "nothing else"),
    ],
)
async def test_what_is_asked_of_it_later_is_refused_with_what_was_asked(problem: Problem, said: str, not_said: str) -> None:
    asked = [{"role": "user", "content": problem.for_engineer()}]
    request = ModelRequest(key="k", role="engineer", action="ReviseCode", messages=asked, task="A REST API")
    with pytest.raises(AgentError) as refused:
        await OfflineModel().complete(request, lambda _: None)
    assert said in refused.value.detail
    assert not_said not in refused.value.detail
