"""What is done and old goes; what is still to be done stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from repositories.models import RepositoryLink, WebhookDelivery
from runs import retention
from runs.models import Handled
from tests.factories import RepositoryLinkFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()
OLD = NOW - timedelta(days=31)


@pytest.fixture
def link() -> RepositoryLink:
    found: RepositoryLink = RepositoryLinkFactory()
    return found


def delivery(link: RepositoryLink, name: str, created: Any, **fields: Any) -> None:
    known = {"workspace_id": link.workspace_id, "link": link, "delivery_id": name, "event": "push", "payload": {}}
    row = WebhookDelivery.across_tenants.create(**known, **fields)
    WebhookDelivery.across_tenants.filter(pk=row.pk).update(created_at=created)


def handled(link: RepositoryLink, key: str, created: Any, **fields: Any) -> None:
    row = Handled.across_tenants.create(workspace_id=link.workspace_id, link_id=link.pk, key=key, **fields)
    Handled.across_tenants.filter(pk=row.pk).update(created_at=created)


def left() -> set[str]:
    deliveries = WebhookDelivery.across_tenants.values_list("delivery_id", flat=True)
    return {*deliveries, *Handled.across_tenants.values_list("key", flat=True)}


def test_only_what_is_done_and_old_goes(link: RepositoryLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        delivery(link, f"old-{number}", OLD, processed_at=OLD)
        handled(link, f"comment:{number}", OLD, said_at=OLD)
    delivery(link, "waits", OLD)
    delivery(link, "new", NOW, processed_at=NOW)
    handled(link, "owed", OLD, answer="x", say_at=NOW)
    handled(link, "status:in-use", OLD, said_at=NOW)
    handled(link, "comment:new", NOW)
    assert retention.prune() == 10
    assert left() == {"waits", "new", "owed", "status:in-use", "comment:new"}
    assert retention.prune() == 0


def test_one_go_is_bounded(link: RepositoryLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "MAX_BATCHES", 2)
    for number in range(7):
        handled(link, f"comment:{number}", OLD)
    assert [retention.prune() for _ in range(3)] == [4, 3, 0]


def test_many_copies_prune_once_in_an_hour(link: RepositoryLink) -> None:
    cache.delete("mgx.pruned")
    for expected in (1, 0, 0):
        handled(link, f"comment:{expected}{Handled.across_tenants.count()}", OLD)
        assert retention.prune_sometimes() == expected
    cache.delete("mgx.pruned")
    assert retention.prune_sometimes() == 2
