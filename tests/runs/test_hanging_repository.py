"""One tenant's repository and hosting service hang: everybody else's runs, looks and deliveries go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from repositories.models import RepositoryLink, WebhookDelivery
from runs.models import TaskRun
from runs.models.run import Status

from ..support.silent_server import SilentServer, silent_server
from ..support.worker import worker
from .conftest import Tenant, make_tenant
from .test_fair_share import queue

WITHIN = 25.0
"""Seconds in which no call to a silent server has ended: a look has 30."""


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def hanging(tenant: Tenant, server: SilentServer) -> None:
    """Runs, looks and deliveries of the tenant, more of each than there are threads, and all of them to a silent server."""
    due = {"refresh_due_at": timezone.now() - timedelta(hours=1)}
    for number in range(8):
        plain = {"clone_url": f"{server.url}/{number}.git", "repo_full_name": f"r{number}", "provider": "git"}
        hosted = {**plain, "provider": "github", "api_base_url": server.url, "clone_url": f"{server.url}/h{number}.git"}
        for fields in ({**plain, "is_primary": number == 0}, hosted):
            link = RepositoryLink.objects.create(workspace_id=tenant.workspace.pk, project=tenant.project, **fields, **due)
        WebhookDelivery.objects.create(
            workspace_id=tenant.workspace.pk, link=link, delivery_id=str(number), event="repository",
            payload={"action": "renamed", "sender": {"login": "octocat"}},
        )  # fmt: skip
    first = RepositoryLink.objects.of(tenant.workspace.pk).get(is_primary=True)
    tenant.project.primary_repository_id = first.pk
    tenant.project.save()
    for run in queue(tenant, 8):
        run.task.repository_id = first.pk
        run.task.save()


def test_a_hanging_repository_delays_no_run_of_another_tenant(tenant: Tenant, tmp_path: Path) -> None:
    other = make_tenant("other")
    with silent_server() as silent, worker(log=tmp_path / "worker.log"):
        hanging(tenant, silent)
        silent.wait_for(4)  # as many as the worker has threads for runs
        [mine] = queue(other, 1)
        wait_for(lambda: TaskRun.across_tenants.get(pk=mine.pk).started_at)
        theirs = TaskRun.objects.of(tenant.workspace.pk)
        assert theirs.filter(status=Status.PLANNING).count() == 3, "they hang, and none has ended"
        assert theirs.filter(claimed_at__gt=mine.created_at).count() <= 1, "within two claims"
