"""A task goes with its runs once they have ended: a worker must not be left writing for a run that is gone."""

from __future__ import annotations

import uuid

import pytest

from mgx_project.common.errors import BadRequest, InvalidTransition
from runs import services
from runs.models import TaskRun
from tests.conftest import Api
from workspaces.models import Role
from workspaces.tokens import create_api_token

from .conftest import Tenant


def test_a_task_with_a_live_run_stays(tenant: Tenant) -> None:
    _, secret = create_api_token(workspace_id=tenant.workspace.pk, user=tenant.user, name="t", role=Role.OWNER)
    api = Api()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    run = tenant.run()
    refused = api.delete(f"/api/tasks/{run.task_id}")
    assert refused.status_code == 409
    assert "Cancel it" in refused.json()["detail"]
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    assert api.delete(f"/api/tasks/{run.task_id}").status_code == 204
    assert not TaskRun.objects.for_workspace(tenant.workspace.pk).exists()


def test_a_project_and_a_workspace_wait_for_their_runs(tenant: Tenant) -> None:
    run = tenant.run()
    for owner in (tenant.project, tenant.workspace):
        with pytest.raises(InvalidTransition, match="1 runs"):
            owner.delete()
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    tenant.project.delete()
    assert not TaskRun.across_tenants.filter(pk=run.pk).exists()


def test_a_task_of_an_unknown_repository_starts_no_run(tenant: Tenant) -> None:
    with pytest.raises(BadRequest) as refused:
        tenant.run(tenant.task(repository_id=uuid.uuid4()))
    assert refused.value.field == "repository_id"
