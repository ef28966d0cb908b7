"""A task goes with its runs once they have ended: a worker must not be left writing for a run that is gone."""

from __future__ import annotations

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
    assert "cancel it" in refused.json()["detail"]
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    assert api.delete(f"/api/tasks/{run.task_id}").status_code == 204
    assert not TaskRun.objects.of(tenant.workspace.pk).exists()
