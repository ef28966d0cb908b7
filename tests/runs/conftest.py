"""Runs done by this process: the same `work()` that the actors call, without a broker between."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from agent.checks import coverage
from agent.runtime import bootstrap
from agent.stacks import Stack, catalogue, store
from mgx_project.common import tenant_wall
from runs import commits
from runs.models import TaskRun
from runs.notifications import replies
from workspaces.models import Event, Role
from workspaces.tokens import create_api_token

from ..conftest import Api
from ..support.cut_connections import CutNetwork, cut_network
from ..support.github import GitHub
from ..support.run_actors import actor_of
from ..support.scripted_openai import Script, ScriptedOpenAI, serve
from .hosted import Hosted
from .story import Story, linked
from .tenants import NEW, OLD, PRICES, Tenant, make_tenant

__all__ = ["NEW", "OLD", "PRICES", "Tenant", "make_tenant"]


@pytest.fixture(scope="session", autouse=True)
def metagpt(tmp_path_factory: pytest.TempPathFactory) -> None:
    bootstrap(tmp_path_factory.mktemp("metagpt"))


def small_stacks() -> tuple[Stack, ...]:
    """The stacks, of which Python's neither formats nor measures coverage."""
    return tuple(replace(stack, format=()) if stack.id == "fastapi" else stack for stack in catalogue())


@pytest.fixture(autouse=True)
def few_tools(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs test a Python change in the sandbox, but neither format it nor measure its lines, which takes as long as all the
    rest of a small run. With the fixture ``all_tools`` a test does without this."""
    if "all_tools" in request.fixturenames:
        return
    fewer = small_stacks()
    monkeypatch.setattr(store, "catalogue", lambda: fewer)
    monkeypatch.setattr(coverage, "TOOLS", {})


@pytest.fixture
def all_tools() -> None:
    """Formatters and coverage of the changed lines are used."""


@pytest.fixture
def story(tenant: Tenant, github_server: GitHub) -> Iterator[Story]:
    """A linked repository. In the end GitHub has refused nothing that we asked of it."""
    yield linked(github_server, tenant)
    assert not github_server.state.refusals


def git(*args: str, cwd: Path) -> str:
    done = subprocess.run(["git", *args], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_tenant("acme")


@pytest.fixture
def local_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "MGX_LOCAL_ROOTS", [str(tmp_path)])
    return tmp_path


@pytest.fixture
def empty_repo(local_roots: Path) -> Path:
    path = local_roots / "new-service"
    path.mkdir()
    git("init", "-q", "-b", "main", cwd=path)
    return path


def api_of(tenant: Tenant) -> Api:
    """The REST API as the tenant's owner."""
    _, secret = create_api_token(workspace_id=tenant.workspace.pk, user=tenant.user, name="t", role=Role.OWNER)
    api = Api()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return api


def types(run: TaskRun) -> list[str]:
    """The run's event types in order, after checking that they are numbered 1..N."""
    rows = list(Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).order_by("seq").values_list("seq", "type"))
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
    return [kind for _, kind in rows]


def drive(run: TaskRun) -> TaskRun:
    """Does what there is to do for the run, as workers would, until it waits or has ended."""
    while True:
        run.refresh_from_db()
        actor = actor_of(run)
        if actor is None:
            return run
        fence = run.fence
        with tenant_wall.within():  # as in a worker, where nothing is seen by who does not say whose rows it needs
            actor(str(run.pk))
        for row_id in replies.pending_replies(run.task_id):  # another thread would
            with tenant_wall.within():
                replies.post_reply(row_id)
        run.refresh_from_db()
        assert run.fence != fence, f"nobody could claim a run that is {run.status}"


@pytest.fixture
def shop(local_roots: Path) -> Path:
    """A small repository with history and a test."""
    path = local_roots / "shop"
    path.mkdir()
    git("init", "-q", "-b", "main", cwd=path)
    for name, text in PRICES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    git("add", "-A", cwd=path)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first", cwd=path)
    return path


@pytest.fixture
def hosted(tenant: Tenant, github_server: GitHub) -> Hosted:
    return Hosted(tenant, github_server)


@pytest.fixture
def scripted(settings: Any) -> Callable[[Script], Any]:
    """`with scripted(script) as server:` makes the scripted endpoint the server's model."""

    @contextmanager
    def use(script: Script) -> Iterator[ScriptedOpenAI]:
        with serve(script) as server:
            settings.MGX_MODEL, settings.MGX_OPENAI_BASE_URL = "openai/scripted", server.url
            settings.MGX_OPENAI_API_KEY = "k-secret"
            yield server

    return use


@pytest.fixture
def network(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[CutNetwork]:
    """Of this thread, which has met no outage yet."""
    mine = threading.current_thread()
    monkeypatch.setattr(commits, "_outage", commits._Outage())
    with cut_network(lambda: threading.current_thread() is mine) as network:
        yield network
