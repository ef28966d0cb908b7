"""One tenant's repository and hosting service hang: everybody else's runs, looks and deliveries go on."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from repositories.fair_shares import EACH, shares
from repositories.models import RepositoryLink, WebhookDelivery
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.webhooks import processing

from ..support.github import GitHub
from ..support.patience import wait_for
from ..support.silent_server import SilentServer, silent_server
from ..support.worker import worker
from .conftest import Tenant, make_tenant
from .story import linked
from .test_fair_share import queue

RENAMED = {"action": "renamed", "sender": {"login": "octocat"}}
WITHIN = 25.0
"""Seconds in which no call to a silent server has ended: a look has 30."""


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
            payload=RENAMED,
        )  # fmt: skip
    first = RepositoryLink.objects.for_workspace(tenant.workspace.pk).get(is_primary=True)
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
        wait_for(lambda: TaskRun.across_tenants.get(pk=mine.pk).started_at, WITHIN)
        theirs = TaskRun.objects.for_workspace(tenant.workspace.pk)
        assert theirs.filter(status=Status.PLANNING).count() == 3, "they hang, and none has ended"
        assert theirs.filter(claimed_at__gt=mine.created_at).count() <= 1, "within two claims"


def test_a_hanging_service_leaves_the_others_their_looks_and_deliveries(
    tenant: Tenant, github_server: GitHub, tmp_path: Path
) -> None:
    """Its own tenant has its share of the threads and no more, whatever waits for it."""
    other = linked(github_server, make_tenant("other"), refresh_due_at=timezone.now())
    with silent_server() as silent, worker(log=tmp_path / "worker.log"):
        hanging(tenant, silent)
        silent.wait_for(3 + EACH)
        delivery = WebhookDelivery.objects.create(
            workspace_id=other.link.workspace_id, link=other.link, delivery_id="1", event="repository", payload=RENAMED
        )
        wait_for(lambda: WebhookDelivery.across_tenants.get(pk=delivery.pk).processed_at, WITHIN)
        wait_for(lambda: RepositoryLink.across_tenants.get(pk=other.link.pk).last_validated_at, WITHIN)
        assert silent.waiting <= 3 + EACH, "three runs, and a share of what is not a run"


def test_what_of_a_workspace_was_left_is_taken_up_when_it_has_room(tenant: Tenant, github_server: GitHub) -> None:
    """Messages that came while the workspace had its share are not kept: the thread that ends goes on with what they meant."""
    link = linked(github_server, tenant).link
    made = [
        WebhookDelivery.objects.create(
            workspace_id=link.workspace_id, link=link, delivery_id=str(number), event="repository", payload=RENAMED
        ).pk
        for number in range(3)
    ]
    for _ in range(EACH):
        assert shares.take(link.workspace_id)
    try:
        assert processing.process(made[0]) == []
        assert not WebhookDelivery.across_tenants.exclude(processed_at=None).exists()
        assert processing.waiting(10) == [], "the reaper wakes nobody for it either"
    finally:
        for _ in range(EACH):
            shares.give_back(link.workspace_id)
    assert processing.process(made[1]) == [made[0]]
    assert processing.process(made[0]) == [made[2]]
    assert processing.process(made[2]) == []


def test_the_reaper_wakes_for_each_workspace_before_it_wakes_for_one_again(tenant: Tenant, github_server: GitHub) -> None:
    many, one = linked(github_server, tenant).link, linked(github_server, make_tenant("other")).link
    long_ago = timezone.now() - timedelta(hours=1)
    for link in (many, many, many, one):
        made = WebhookDelivery.objects.create(
            workspace_id=link.workspace_id, link=link, delivery_id=uuid.uuid4().hex, event="repository", payload=RENAMED
        )
        WebhookDelivery.across_tenants.filter(pk=made.pk).update(created_at=long_ago)
    waiting = WebhookDelivery.across_tenants.filter(pk__in=processing.waiting(2))
    assert set(waiting.values_list("workspace_id", flat=True)) == {many.workspace_id, one.workspace_id}
