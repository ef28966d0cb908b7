"""What a worker says of itself: whether a sandbox opens, and which programs it has. A real worker on a machine that can't."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.test import AsyncClient

from agent.errors import SandboxFailed
from deploy import healthy
from mgx_project.common.living_workers import programs_of_all, workers_seen
from runs.worker import equipment
from runs.worker.equipment import Equipment
from tests.conftest import CallerInTests

from ..support.patience import wait_for
from ..support.worker import worker

pytestmark = pytest.mark.django_db(transaction=True)


async def ready() -> dict[str, str]:
    checks = (await AsyncClient().get("/health/ready")).json()["checks"]
    return {name: check["status"] for name, check in checks.items()}


async def test_a_worker_whose_sandbox_does_not_open_says_so_at_its_start_and_in_its_health(tmp_path: Path) -> None:
    with worker(log=tmp_path / "log", MGX_SANDBOX="container"):
        wait_for(workers_seen, told=lambda: (tmp_path / "log").read_text()[-2000:])
        assert healthy.worker() == (
            "no sandbox: The sandbox tier 'container' is not available in this version. Use `auto` or `bubblewrap`."
        )
        assert healthy.worker_lives() == ""
        parts = await ready()
        assert parts.pop("workers") == "no sandbox"
        assert set(parts.values()) == {"ok"}
    assert "no sandbox can be opened, so runs will pause here" in (tmp_path / "log").read_text()


def test_operators_and_users_see_what_workers_have(owner: CallerInTests, tmp_path: Path) -> None:
    owner.user.is_staff = True
    owner.user.save()
    with worker(log=tmp_path / "log"):
        wait_for(workers_seen, told=lambda: (tmp_path / "log").read_text()[-2000:])
        assert healthy.worker() == ""
        [seen] = owner.api.get("/health/status").json()["workers"]
        stacks = owner.api.get("/api/stacks").json()["items"]
    assert seen["sandbox"] == {"status": "ok"}
    assert seen["programs"]["ruff"] is True
    tools = {name: here for stack in stacks for name, here in stack["tools"].items()}
    assert tools == seen["programs"]


def test_a_sandbox_that_opens_later_is_found_without_a_new_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equipment, "TRY_AGAIN_SECONDS", 0.0)
    problems = ["namespaces are denied", "namespaces are denied", ""]

    def opens() -> None:
        if problem := problems.pop(0):
            raise SandboxFailed(problem, hint="Allow them.")

    found = Equipment(opens)
    assert found.facts()["sandbox"] == {"status": "closed", "detail": "namespaces are denied", "hint": "Allow them."}
    wait_for(lambda: found.facts()["sandbox"] == {"status": "ok"})
    assert problems == []


def test_isolation_that_an_operator_turned_off_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MGX_SANDBOX", "none")
    assert Equipment().facts()["sandbox"] == {"status": "off"}


def test_a_program_is_there_when_every_worker_has_it() -> None:
    """Any of them may take the run. A worker of an older release tells nothing."""
    assert programs_of_all([{"programs": {"node": True, "go": True}}, {"programs": {"node": False, "go": True}}, {}]) == {
        "node": False,
        "go": True,
    }
