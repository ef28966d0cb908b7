"""What a developer can make the server spend or hold has a floor: queued runs, caps, models, another tenant's repository."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from agent.errors import ModelFailed
from runs import services
from runs.models import TaskRun
from runs.worker.model_connection import open_for
from tests.conftest import CallerInTests, MakeCaller
from tests.factories import RepositoryLinkFactory, TaskFactory, TaskRunFactory
from tests.support.patience import SOON
from workspaces.models import Event, ModelConnection, Role, Workspace

from .conftest import Tenant

pytestmark = pytest.mark.django_db


def limit(workspace: Workspace, **limits: int) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(limits=limits)


def test_no_more_runs_wait_than_the_limit(owner: CallerInTests) -> None:
    limit(owner.workspace, queued_runs=2)
    task = TaskFactory(workspace=owner.workspace)
    answers = [owner.api.post("/api/runs", {"task_id": str(task.pk)}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[2].json()["code"] == "limit_reached"
    assert "2 queued runs" in answers[2].json()["detail"]
    task.refresh_from_db()
    assert task.runs_total == 2 == TaskRun.objects.for_workspace(owner.workspace.pk).count()
    assert Event.objects.for_workspace(owner.workspace.pk).filter(type="run_queued").count() == 2


def test_a_retry_is_a_queued_run_too(owner: CallerInTests) -> None:
    limit(owner.workspace, queued_runs=1)
    ended = TaskRunFactory(workspace=owner.workspace, status="failed")
    assert owner.api.post(f"/api/runs/{ended.pk}/retry").status_code == 201
    assert owner.api.post(f"/api/runs/{ended.pk}/retry").json()["code"] == "limit_reached"


@pytest.mark.django_db(transaction=True)
def test_runs_that_are_made_at_once_do_not_pass_the_limit(tenant: Tenant) -> None:
    limit(tenant.workspace, queued_runs=3)
    tasks = [tenant.task() for _ in range(8)]
    barrier = Barrier(8)

    def make(task: Any) -> int:
        try:
            barrier.wait(timeout=SOON)
            services.create_run(principal=tenant.principal, task_id=task.pk)
        except Exception as error:
            return int(getattr(error, "http_status", 500))
        finally:
            connections.close_all()
        return 201

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(make, tasks))
    assert sorted(answers) == [201] * 3 + [409] * 5
    assert TaskRun.objects.for_workspace(tenant.workspace.pk).count() == 3


def test_another_tenants_queue_is_not_counted(owner: CallerInTests, stranger: CallerInTests) -> None:
    limit(owner.workspace, queued_runs=1)
    TaskRunFactory(workspace=stranger.workspace, status="queued")
    task = TaskFactory(workspace=owner.workspace)
    assert owner.api.post("/api/runs", {"task_id": str(task.pk)}).status_code == 201


def test_a_developer_does_not_replace_the_default_cap(owner: CallerInTests, make_caller: MakeCaller, settings: Any) -> None:
    settings.MGX_DEFAULT_RUN_TOKENS = 5_000
    developer = make_caller(Role.DEVELOPER, owner.workspace)
    body = {"task_id": str(TaskFactory(workspace=owner.workspace).pk)}
    answer = developer.api.post("/api/runs", body | {"budget": {"max_tokens": 5_001}})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert "5,000" in answer.json()["detail"]
    assert developer.api.post("/api/runs", body | {"budget": {"max_tokens": 5_000}}).status_code == 201
    assert owner.api.post("/api/runs", body | {"budget": {"max_tokens": 5_001}}).status_code == 201


def test_a_developers_retry_does_not_inherit_an_admins_larger_cap(
    owner: CallerInTests, make_caller: MakeCaller, settings: Any
) -> None:
    settings.MGX_DEFAULT_RUN_TOKENS = 5_000
    developer = make_caller(Role.DEVELOPER, owner.workspace)
    ended = TaskRunFactory(workspace=owner.workspace, status="failed", budget={"max_tokens": 90_000, "max_calls": 4})
    assert developer.api.post(f"/api/runs/{ended.pk}/retry").json()["budget"] == {"max_tokens": 5_000, "max_calls": 4}
    assert owner.api.post(f"/api/runs/{ended.pk}/retry").json()["budget"] == {"max_tokens": 90_000, "max_calls": 4}


@pytest.fixture
def server_model(settings: Any) -> Any:
    settings.MGX_MODEL, settings.MGX_OPENAI_BASE_URL, settings.MGX_OPENAI_API_KEY = "openai/small", "http://127.0.0.1:9/v1", "k"
    settings.MGX_SERVER_MODEL_FOR, settings.MGX_SERVER_MODELS = "all", {}
    return settings


def test_a_run_does_not_choose_another_model_of_the_servers_key(owner: CallerInTests, server_model: Any) -> None:
    ModelConnection.objects.create(workspace=owner.workspace, name="ours", kind="offline")
    body = {"task_id": str(TaskFactory(workspace=owner.workspace).pk)}
    answer = owner.api.post("/api/runs", body | {"model": "openai/other"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_model")
    assert "offline, openai/small, ours" in answer.json()["detail"]
    assert owner.api.post("/api/runs", body | {"model": "openai/small"}).status_code == 201
    server_model.MGX_SERVER_MODELS = {"openai/other": None}
    assert owner.api.post("/api/runs", body | {"model": "openai/other"}).status_code == 201
    assert owner.api.post("/api/runs", body | {"model": "openai/small"}).status_code == 201, "MGX_MODEL is always one of them"


def test_a_model_that_the_operator_took_back_is_refused_when_the_run_starts(owner: CallerInTests, server_model: Any) -> None:
    run = TaskRunFactory(workspace=owner.workspace, model="openai/other")
    with pytest.raises(ModelFailed) as refused:
        open_for(run)
    assert refused.value.code == "model_not_allowed"


def test_the_servers_key_is_used_only_where_the_operator_allows_it(
    owner: CallerInTests, stranger: CallerInTests, server_model: Any
) -> None:
    server_model.MGX_SERVER_MODEL_FOR = "allowed"
    Workspace.objects.filter(pk=stranger.workspace.pk).update(server_model=True)
    body = {"task_id": str(TaskFactory(workspace=owner.workspace).pk), "model": "openai/small"}
    answer = owner.api.post("/api/runs", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_model")
    assert "openai/small" not in answer.json()["detail"].partition("Choose")[2]
    with pytest.raises(ModelFailed) as refused:
        open_for(TaskRunFactory(workspace=owner.workspace))
    assert refused.value.code == "model_not_allowed"
    assert "model connection" in refused.value.hint and "operator" in refused.value.hint
    assert open_for(TaskRunFactory(workspace=stranger.workspace)).name == "small"
    server_model.MGX_SERVER_MODEL_FOR = "all"
    Workspace.objects.filter(pk=owner.workspace.pk).update(server_model=False)
    with pytest.raises(ModelFailed):
        open_for(TaskRunFactory(workspace=owner.workspace))


def test_a_tenant_does_not_give_itself_the_servers_key(owner: CallerInTests) -> None:
    answer = owner.api.patch(f"/api/workspaces/{owner.workspace.pk}", {"server_model": True})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")


@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_task_does_not_name_another_tenants_repository(owner: CallerInTests, stranger: CallerInTests, method: str) -> None:
    link = RepositoryLinkFactory(workspace=stranger.workspace)
    path, body = "/api/tasks", {"description": "x", "repository_id": str(link.pk)}
    if method == "patch":
        path, body = f"/api/tasks/{TaskFactory(workspace=owner.workspace).pk}", {"repository_id": str(link.pk)}
    answer = getattr(owner.api, method)(path, body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == "repository_id"
    assert str(link.repo_full_name) not in answer.content.decode()
