"""A real model that is too small for the work: over real streaming every run comes to an end that a person can act on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import AgentError, Paused
from agent.models import ModelSettings, open_models
from agent.pipeline import carry_out
from agent.ports import Outcome, PlanDraft, TaskSpec
from tests.agent.harness import Harness
from tests.support import real_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        real_model.model_file() is None, reason="no model is installed: `make real-model` brings one and runs this"
    ),
]
TASK = TaskSpec("Add a function `double(number)` to shop/prices.py that returns twice the number.", stack="fastapi")
PLAN = {
    "summary": "Add double().",
    "steps": [{"title": "Add double()", "why": "", "files": ["shop/prices.py"], "kind": "modify"}],
    "risks": [], "test_strategy": "Run the tests.", "questions": [],
}  # fmt: skip


class Watched(Harness):
    """Also notes when each piece of an answer arrived."""

    def __init__(self, root: Path, url: str) -> None:
        settings = ModelSettings(
            "openai", "smollm2", api_key="none", base_url=url, context_tokens=real_model.CONTEXT, max_output_tokens=150
        )
        super().__init__(root, open_models(settings))
        self.arrived: list[float] = []
        shown = self.sink.text

        def text(role: str, piece: str) -> None:
            self.arrived.append(time.monotonic())
            shown(role, piece)

        self.sink.text = text  # type: ignore[method-assign]

    def tell(self, end: object) -> None:
        """For ``pytest -rP``."""
        for call in self.sink.of("model_call"):
            print(f"{call['action']}: {call['tokens_in']} + {call['tokens_out']} tokens in {call['duration_ms']} ms")
        print(f"It ended: {end!r}")

    def assert_streamed(self) -> None:
        """Many pieces over a time, not one at the end; and the server's own count of tokens."""
        assert len(self.arrived) > 20
        assert self.arrived[-1] - self.arrived[0] > 0.1
        calls = self.sink.of("model_call")
        assert calls
        assert all(call["model"] == "smollm2" and call["tokens_in"] > 100 and call["tokens_out"] > 0 for call in calls)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with real_model.serve() as url:
        yield url


def assert_honest(end: Outcome | AgentError | Paused) -> None:
    """Done with something to show; or a sentence that says what was wrong, and one that says what to do."""
    if isinstance(end, Outcome):
        assert end.files
        assert end.tests["status"] in ("passed", "unavailable")
        return
    assert end.detail.strip().endswith((".", "?", "!"))
    assert end.hint
    if isinstance(end, Paused):
        assert end.reason in ("question", "loop", "provider", "budget")
    else:
        assert end.code in ("output_invalid", "task_unclear", "context_overflow", "guardrail_failed")


async def test_a_run_from_the_task_comes_to_an_honest_end(repository: Path, url: str) -> None:
    harness = Watched(repository, url)
    end: Outcome | AgentError | Paused
    try:
        end = await harness.run(TASK)
    except (AgentError, Paused) as error:
        end = error
    finally:
        await harness.model.aclose()

    harness.tell(end)
    assert_honest(end)
    harness.assert_streamed()


async def test_an_approved_plan_comes_to_an_honest_end(repository: Path, url: str) -> None:
    harness = Watched(repository, url)
    before = (repository / "shop/names.py").read_text()
    end: Outcome | AgentError | Paused
    try:
        end = await carry_out(TASK, PlanDraft(PLAN, "fastapi", 1.0, "low"), repository, harness.ports)
    except (AgentError, Paused) as error:
        end = error
    finally:
        await harness.model.aclose()

    harness.tell(end)
    assert_honest(end)
    harness.assert_streamed()
    assert (repository / "shop/names.py").read_text() == before, "what the plan does not name stays"
