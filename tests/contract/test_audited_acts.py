"""Every act that changes something or starts work has an entry in the audit log, written in the transaction of the change."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from runs.lifecycle import change_set
from runs.models import ChangeRound, TaskRun
from runs.models.run_state import Status
from tests.conftest import CallerInTests, MakeCaller
from tests.contract.routes import api_routes
from tests.factories import PASSWORD, MembershipFactory, ProjectFactory, RepositoryLinkFactory, TaskFactory, TaskRunFactory
from workspaces.first_administrator import setup_token
from workspaces.invitations import invite
from workspaces.models import AuditEntry, Budget, Invitation, ModelConnection, Role
from workspaces.tokens import create_api_token

pytestmark = pytest.mark.django_db
UNSAFE = {"post", "put", "patch", "delete"}
NOT_AN_ACT = {
    "POST /api/auth/refresh": "continues a sign-in, which has an entry",
    "POST /api/auth/ws-ticket": "opens a socket to read; a ticket is good for 30 seconds",
    "POST /api/repositories/test": "stores nothing",
    "POST /api/webhooks/github": "a delivery of a service: it is stored itself, and what it causes has entries",
    "POST /api/webhooks/github/{link_id}": "a delivery of a service: it is stored itself, and what it causes has entries",
}
OF_THE_SERVER = {"POST /api/auth/token", "POST /api/auth/revoke"}
"""Acts of an account that are in no workspace."""
BEFORE_THE_ANSWER = {"POST /api/models/{pk}/test", "POST /api/repositories/{pk}/webhook"}
"""They ask a service, so that no transaction may be open meanwhile."""
PLAN = {
    "summary": "Do it",
    "steps": [{"title": "Step", "files": ["a.py"], "kind": "change", "why": "Because"}],
    "risks": [],
    "test_strategy": "",
    "questions": [],
    "estimate": {"tokens": 4_000, "cost_usd": None, "seconds": 50, "basis": "from 3 earlier runs"},
}
SECRET = "s3cret-of-the-test"


class Scene:
    """A workspace with a row of every kind, and the acts on it."""

    def __init__(self, owner: CallerInTests, make_caller: MakeCaller, origin: Path) -> None:
        self.owner, self.workspace, self.api, self.make_caller = owner, owner.workspace, owner.api, make_caller
        self.origin = str(origin)

    def run(self, status: Status = Status.AWAITING_APPROVAL, **fields: Any) -> TaskRun:
        task = TaskFactory(workspace=self.workspace)
        run: TaskRun = TaskRunFactory(
            workspace=self.workspace, task=task, status=status, plan=PLAN, plan_version=1, created_by=self.owner.user, **fields
        )
        return run

    def changed(self) -> TaskRun:
        run = self.run(Status.AWAITING_CHANGES)
        change_set.store(run, 1, change_set.measure({"a.py": (b"one\n", b"two\n"), "b.py": (None, b"three\n")}))
        ChangeRound.objects.create(workspace_id=run.workspace_id, run=run, number=1, tree="t")
        return run

    def link(self, **fields: Any) -> Any:
        project = ProjectFactory(workspace=self.workspace)
        return RepositoryLinkFactory(workspace=self.workspace, project=project, clone_url=self.origin, **fields)

    def budget(self) -> Budget:
        return Budget.objects.create(
            workspace=self.workspace, project_id=ProjectFactory(workspace=self.workspace).pk, max_calls=1
        )

    def model(self) -> ModelConnection:
        return ModelConnection.objects.create(workspace=self.workspace, name="m", kind="offline", api_key=SECRET)

    def invitation(self) -> tuple[Invitation, str]:
        return invite(principal=self.owner.principal, role=Role.VIEWER)

    def signed_in(self) -> CallerInTests:
        caller = self.make_caller(Role.OWNER)
        caller.api.credentials()
        return caller


def _accept(s: Scene) -> Any:
    _, secret = s.invitation()
    caller = s.signed_in()
    caller.api.force_authenticate(caller.user)
    return lambda: caller.api.post("/api/invitations/accept", {"token": secret})


def _sign_in(s: Scene) -> Any:
    caller = s.signed_in()
    return lambda: caller.api.post("/api/auth/token", {"username": caller.user.username, "password": PASSWORD})


def _sign_out(s: Scene) -> Any:
    caller = s.signed_in()
    pair = caller.api.post("/api/auth/token", {"username": caller.user.username, "password": PASSWORD}).json()
    return lambda: caller.api.post("/api/auth/revoke", {"refresh": pair["refresh"]})


def _token(s: Scene) -> str:
    token, _ = create_api_token(workspace_id=s.workspace.pk, user=s.owner.user, name="t", role=Role.VIEWER)
    return str(token.pk)


def _on(method: str, path: Callable[[Scene], str], body: Any = None) -> Callable[[Scene], Callable[[], Any]]:
    """Prepares the rows first, so that what is observed is the act alone."""

    def prepare(s: Scene) -> Callable[[], Any]:
        at = path(s)
        given = body(s) if callable(body) else body
        return lambda: getattr(s.api, method)(at, given)

    return prepare


def _run(method: str, path: str, body: Any = None, **fields: Any) -> Callable[[Scene], Callable[[], Any]]:
    return _on(method, lambda s: f"/api/runs/{s.run(**fields).pk}{path}", body)


DONE = {"status": Status.COMPLETED, "git_status": "pushed", "branch_name": "mgx/1", "commit_sha": "a" * 40}
ACTS: dict[str, Callable[[Scene], Callable[[], Any]]] = {
    "POST /api/auth/revoke": _sign_out,
    "POST /api/auth/token": _sign_in,
    "POST /api/budgets": _on("post", lambda s: "/api/budgets", {"max_calls": 3}),
    "DELETE /api/budgets/{pk}": _on("delete", lambda s: f"/api/budgets/{s.budget().pk}"),
    "PATCH /api/budgets/{pk}": _on("patch", lambda s: f"/api/budgets/{s.budget().pk}", {"max_calls": 4}),
    "POST /api/invitations/accept": _accept,
    "POST /api/models": _on("post", lambda s: "/api/models", {"name": "x", "kind": "offline"}),
    "DELETE /api/models/{pk}": _on("delete", lambda s: f"/api/models/{s.model().pk}"),
    "PATCH /api/models/{pk}": _on("patch", lambda s: f"/api/models/{s.model().pk}", {"api_key": "another-" + SECRET}),
    "POST /api/models/{pk}/test": _on("post", lambda s: f"/api/models/{s.model().pk}/test", {}),
    "POST /api/projects": _on("post", lambda s: "/api/projects", {"name": "Shop"}),
    "DELETE /api/projects/{pk}": _on("delete", lambda s: f"/api/projects/{ProjectFactory(workspace=s.workspace).pk}"),
    "PATCH /api/projects/{pk}": _on(
        "patch", lambda s: f"/api/projects/{ProjectFactory(workspace=s.workspace).pk}", {"name": "Other"}
    ),
    "POST /api/repositories/connect": _on("post", lambda s: "/api/repositories/connect", lambda s: {"url": s.origin}),
    "POST /api/repositories/refresh": _on("post", lambda s: f"/api/repositories/refresh?{s.link() and ''}", {}),
    "DELETE /api/repositories/{pk}": _on("delete", lambda s: f"/api/repositories/{s.link().pk}"),
    "PATCH /api/repositories/{pk}": _on("patch", lambda s: f"/api/repositories/{s.link().pk}", {"default_branch": "x"}),
    "POST /api/repositories/{pk}/refresh": _on("post", lambda s: f"/api/repositories/{s.link().pk}/refresh"),
    "POST /api/runs": _on("post", lambda s: "/api/runs", lambda s: {"task_id": str(TaskFactory(workspace=s.workspace).pk)}),
    "DELETE /api/runs/{pk}": _run("delete", "", **DONE),
    "PATCH /api/runs/{pk}": _run("patch", "", {"plan": {**PLAN, "summary": "Do it well"}}),
    "POST /api/runs/{pk}/approve": _run("post", "/approve", {"approved": True}),
    "POST /api/runs/{pk}/cancel": _run("post", "/cancel", {}),
    "POST /api/runs/{pk}/changes": _on(
        "post", lambda s: f"/api/runs/{s.changed().pk}/changes", {"decisions": [{"path": "a.py", "accepted": True}]}
    ),
    "POST /api/runs/{pk}/changes/{path}": _on("post", lambda s: f"/api/runs/{s.changed().pk}/changes/a.py", {"accepted": True}),
    "POST /api/runs/{pk}/continue": _run("post", "/continue", {"message": "Go on."}, **DONE),
    "POST /api/runs/{pk}/resume": _run(
        "post", "/resume", {}, status=Status.PAUSED, pause_reason="budget", paused_from=Status.EXECUTING
    ),
    "POST /api/runs/{pk}/retry": _run("post", "/retry", {}, **DONE),
    "POST /api/runs/{pk}/steer": _run("post", "/steer", {"message": "Use tabs."}, status=Status.EXECUTING),
    "POST /api/tasks": _on("post", lambda s: "/api/tasks", {"description": "Do it"}),
    "DELETE /api/tasks/{pk}": _on("delete", lambda s: f"/api/tasks/{TaskFactory(workspace=s.workspace).pk}"),
    "PATCH /api/tasks/{pk}": _on("patch", lambda s: f"/api/tasks/{TaskFactory(workspace=s.workspace).pk}", {"name": "New"}),
    "POST /api/tokens": _on("post", lambda s: "/api/tokens", {"name": "ci"}),
    "DELETE /api/tokens/{pk}": _on("delete", lambda s: f"/api/tokens/{_token(s)}"),
    "POST /api/workspaces": _on("post", lambda s: "/api/workspaces", {"name": "New", "slug": "quite-new"}),
    "DELETE /api/workspaces/{pk}": _on("delete", lambda s: f"/api/workspaces/{s.workspace.pk}"),
    "PATCH /api/workspaces/{pk}": _on("patch", lambda s: f"/api/workspaces/{s.workspace.pk}", {"name": "Other"}),
    "POST /api/workspaces/{workspace_id}/invitations": _on(
        "post", lambda s: f"/api/workspaces/{s.workspace.pk}/invitations", {"role": "viewer"}
    ),
    "DELETE /api/workspaces/{workspace_id}/invitations/{pk}": _on(
        "delete", lambda s: f"/api/workspaces/{s.workspace.pk}/invitations/{s.invitation()[0].pk}"
    ),
    "DELETE /api/workspaces/{workspace_id}/members/{user_id}": _on(
        "delete", lambda s: f"/api/workspaces/{s.workspace.pk}/members/{MembershipFactory(workspace=s.workspace).user_id}"
    ),
    "PATCH /api/workspaces/{workspace_id}/members/{user_id}": _on(
        "patch",
        lambda s: f"/api/workspaces/{s.workspace.pk}/members/{MembershipFactory(workspace=s.workspace).user_id}",
        {"role": "viewer"},
    ),
}
ELSEWHERE = {
    "POST /api/setup": "a server without a user: test_the_first_administrator_is_in_the_log",
    "POST /api/repositories/{pk}/webhook": "needs a hosting service: tests/repositories/hosting",
}


@pytest.fixture
def origin(tmp_path: Path, settings: Settings) -> Path:
    settings.MGX_LOCAL_ROOTS, settings.MGX_LOCAL_ROOTS_FILE = [str(tmp_path)], ""
    path = tmp_path / "origin"
    path.mkdir()
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for argv in (("init", "-q", "-b", "main"), (*who, "commit", "-q", "--allow-empty", "-m", "first")):
        subprocess.run(["git", *argv], cwd=path, check=True, capture_output=True)
    return path


def test_every_route_that_writes_is_here() -> None:
    routes = {f"{m.upper()} {route.template}" for route in api_routes() for m, _ in route.actions if m in UNSAFE}
    assert routes == ACTS.keys() | NOT_AN_ACT.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("act", ACTS)
def test_an_act_has_an_entry_in_its_transaction(act: str, owner: CallerInTests, make_caller: MakeCaller, origin: Path) -> None:
    do = ACTS[act](Scene(owner, make_caller, origin))
    before = set(AuditEntry.across_tenants.values_list("pk", flat=True))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = do()
    assert 200 <= answer.status_code < 300, answer.content
    entries = list(AuditEntry.across_tenants.exclude(pk__in=before))
    assert entries, "no entry"
    if act not in OF_THE_SERVER | {"POST /api/workspaces"}:
        assert {entry.workspace_id for entry in entries} == {owner.workspace.pk}
    assert SECRET not in str([entry.__dict__ for entry in entries])
    if act not in BEFORE_THE_ANSWER:
        assert_together([query["sql"] for query in asked.captured_queries])


def assert_together(statements: list[str]) -> None:
    """The entry and the change are between the same outermost SAVEPOINT and RELEASE: in a test, those are the transactions."""
    blocks: list[list[str]] = []
    depth = 0
    for sql in statements:
        if sql.startswith("SAVEPOINT"):
            if not depth:
                blocks.append([])
            depth += 1
        elif sql.startswith(("RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")):
            depth -= sql.startswith("RELEASE")
        elif depth and sql.startswith(("INSERT INTO", "UPDATE", "DELETE FROM")):
            blocks[-1].append(" ".join(sql.split()[:3]).replace("INSERT INTO", "INSERT"))
    with_entry = [block for block in blocks if any("audit_entries" in write for write in block)]
    assert with_entry, f"the entry is outside every transaction: {blocks}"
    assert any("audit_entries" not in write for block in with_entry for write in block), "the change is in another transaction"


def test_the_first_administrator_is_in_the_log(db: None, make_caller: MakeCaller) -> None:
    from tests.conftest import Api

    body = {"token": setup_token(), "username": "root", "password": PASSWORD, "workspace_name": "A", "workspace_slug": "a"}
    answer = Api().post("/api/setup", body)
    assert answer.status_code == 201, answer.content
    assert AuditEntry.across_tenants.filter(action="server.set_up", workspace_id=answer.json()["workspace"]["id"]).exists()
