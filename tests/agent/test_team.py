"""What MetaGPT gets wrong by itself, and our team must not: errors, siblings, mixing, replaying."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Cancelled, ModelFailed, Paused
from agent.models import open_model
from agent.ports import TaskSpec
from agent.team import PhaseContext, hire
from tests.agent.harness import Harness, PlainModel, ScriptedModel, make_repository
from tests.support.patience import SOON
from tests.support.team_script import plan, script

HEALTH = TaskSpec("Create a FastAPI health endpoint")


class Raising(PlainModel):
    name = "raising"

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def complete(self, request: Any, on_text: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    "error", [Cancelled("stop"), Paused("budget", "no money"), ModelFailed("no", hint="x"), KeyError("bug")]
)
def test_an_error_comes_out_as_it_is(workdir: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        asyncio.run(Harness(workdir, Raising(error)).plan(HEALTH))
    assert raised.value is error


def test_a_failing_role_stops_its_siblings(workdir: Path) -> None:
    from agent.team.base import TeamAction, TeamEnvironment, TeamRole
    from agent.team.team_factory import create_team

    ended: list[str] = []

    class Slow(TeamAction):
        async def act(self, content: str) -> str:
            try:
                await asyncio.sleep(3600)
            finally:
                ended.append("slow")
            return ""

    class Failing(TeamAction):
        async def act(self, content: str) -> str:
            await asyncio.sleep(0.01)
            raise ModelFailed("broken")

    class SlowRole(TeamRole):
        role_name = "engineer"
        handles = {"go": Slow}

    class FailingRole(TeamRole):
        role_name = "tester"
        handles = {"go": Failing}

    async def story() -> None:
        work = PhaseContext(HEALTH, workdir, Harness(workdir, open_model("offline")).ports, "plan/1")
        team = create_team(work)
        context = team.env.context
        team.env = TeamEnvironment(context=context)
        team.hire([SlowRole(context=context, work=work), FailingRole(context=context, work=work)])
        with pytest.raises(ModelFailed):
            await team.ask("go")

    asyncio.run(asyncio.wait_for(story(), SOON))
    assert ended == ["slow"]


def test_cancelling_the_task_cancels_the_call(workdir: Path) -> None:
    ended: list[bool] = []
    asked = asyncio.Event()

    class Hanging(Raising):
        async def complete(self, request: Any, on_text: Any) -> Any:
            asked.set()
            try:
                await asyncio.sleep(3600)
            finally:
                ended.append(True)

    async def story() -> None:
        run = asyncio.create_task(Harness(workdir, Hanging(KeyError())).plan(HEALTH))
        await asyncio.wait_for(asked.wait(), SOON)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(story())
    assert ended == [True]


def test_metagpts_own_run_and_storage_are_closed(workdir: Path) -> None:
    team: Any = hire(PhaseContext(HEALTH, workdir, Harness(workdir, open_model("offline")).ports, "plan/1"))
    with pytest.raises(NotImplementedError):
        asyncio.run(team.run())
    with pytest.raises(NotImplementedError):
        team.serialize()


def test_a_message_nobody_answers_is_a_bug_not_a_hang(workdir: Path) -> None:
    team = hire(PhaseContext(HEALTH, workdir, Harness(workdir, open_model("offline")).ports, "plan/1"))
    with pytest.raises(RuntimeError, match="did not answer nonsense"):
        asyncio.run(team.ask("nonsense"))


def test_every_role_begins_with_the_same_and_is_told_last_who_it_is(repository: Path) -> None:
    model = ScriptedModel(script(code="FILE: a.py\nx = 1\n", files=["a.py"]))
    asyncio.run(Harness(repository, model).run(HEALTH))
    assert len({request.role for request in model.requests}) == 4
    assert {request.messages[0]["role"] for request in model.requests} == {"system"}
    assert len({request.messages[0]["content"] for request in model.requests}) == 1
    last = {request.role: request.messages[-1]["content"] for request in model.requests}
    assert "You are the reviewer" in last["reviewer"]
    assert last["engineer"].startswith("You are the engineer now")
    assert last["tester"].startswith("You are the tester now")


async def one(root: Path, name: str) -> Harness:
    code = f"FILE: app.py\nNAME = {name!r}\n"
    harness = Harness(
        make_repository(root / name, {"old.py": name}), ScriptedModel(script(code=code, DraftPlan=[plan("app.py", "old.py")]))
    )
    await harness.run(TaskSpec(f"Write {name} into app.py", stack="fastapi"))
    return harness


def check_apart(harnesses: list[Harness]) -> None:
    for harness in harnesses:
        name = harness.root.name
        assert (harness.root / "app.py").read_text() == f'NAME = "{name}"\n'.replace('"', "'")
        others = [other.root.name for other in harnesses if other is not harness]
        for request in harness.model.requests:
            assert name in request.task
            assert not any(other in message["content"] for message in request.messages for other in others)
        assert len(harness.model.requests) == 3


def test_runs_in_one_loop_do_not_mix(tmp_path: Path) -> None:
    async def story() -> list[Harness]:
        return await asyncio.gather(*(one(tmp_path, f"tenant{letter}") for letter in "ABCDEF"))

    check_apart(asyncio.run(story()))


def test_runs_in_threads_do_not_mix(tmp_path: Path) -> None:
    harnesses: list[Harness] = []
    threads = [
        threading.Thread(target=lambda name=name: harnesses.append(asyncio.run(one(tmp_path, name))))
        for name in ("tenantA", "tenantB", "tenantC", "tenantD")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert len(harnesses) == 4
    check_apart(harnesses)


def test_journal_keys_are_the_documented_ones(repository: Path) -> None:
    harness = Harness(repository, ScriptedModel(script(code="FILE: a.py\nx = 1\n", files=["a.py"])))
    asyncio.run(harness.run(HEALTH))
    assert [(key, step.kind) for key, step in harness.journal.steps.items()] == [
        ("plan/1/read", "read"), ("plan/1/profile", "read"),
        ("plan/1/draft", "model"), ("plan/1/estimate", "read"), ("plan/1/session", "read"),
        ("execute/recall", "read"), ("execute/read", "read"), ("execute/profile", "read"), ("commits", "read"),
        ("execute/probe", "command"),
        ("execute/environment/baseline", "command"), ("execute/suite/baseline/1", "command"),
        ("execute/write/0", "model"), ("execute/apply/0", "apply"),
        ("execute/environment/0", "command"), ("execute/suite/0/1", "command"), ("execute/coverage/0/1", "command"),
        ("execute/write_test", "model"), ("execute/review/0", "model"),
    ]  # fmt: skip
