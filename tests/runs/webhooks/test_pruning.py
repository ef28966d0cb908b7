"""What is done and old goes; what is still to be done stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from repositories.models import RepositoryLink, WebhookDelivery
from runs import retention
from runs.models import OutgoingComment, ProcessedWebhook
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


def processed(link: RepositoryLink, key: str, created: Any) -> None:
    row = ProcessedWebhook.across_tenants.create(workspace_id=link.workspace_id, link_id=link.pk, key=key)
    ProcessedWebhook.across_tenants.filter(pk=row.pk).update(created_at=created)


def comment(link: RepositoryLink, key: str, created: Any, **fields: Any) -> None:
    row = OutgoingComment.across_tenants.create(workspace_id=link.workspace_id, link_id=link.pk, key=key, **fields)
    OutgoingComment.across_tenants.filter(pk=row.pk).update(created_at=created)


def left() -> list[str]:
    columns = {WebhookDelivery: "delivery_id", ProcessedWebhook: "key", OutgoingComment: "key"}
    return sorted(value for model, column in columns.items() for value in model.across_tenants.values_list(column, flat=True))


def test_only_what_is_done_and_old_goes(link: RepositoryLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        delivery(link, f"old-{number}", OLD, processed_at=OLD)
        processed(link, f"comment:{number}", OLD)
        comment(link, f"comment:{number}", OLD, sent_at=OLD)
    delivery(link, "waits", OLD)
    delivery(link, "new", NOW, processed_at=NOW)
    comment(link, "plan:owed", OLD, text="x", due_at=NOW)
    comment(link, "status:in-use", OLD, sent_at=NOW)
    processed(link, "comment:new", NOW)
    assert retention.prune() == 15
    assert left() == ["comment:new", "new", "plan:owed", "status:in-use", "waits"]
    assert retention.prune() == 0


def test_a_cause_is_known_while_its_answer_is_owed(link: RepositoryLink) -> None:
    processed(link, "issue:1:label", OLD)
    comment(link, "issue:1:label", OLD, text="x", due_at=NOW)
    assert retention.prune() == 0
    OutgoingComment.across_tenants.update(due_at=None, sent_at=OLD)
    assert retention.prune() == 2


def test_one_go_is_bounded(link: RepositoryLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "MAX_BATCHES", 2)
    for number in range(7):
        processed(link, f"comment:{number}", OLD)
    assert [retention.prune() for _ in range(3)] == [4, 3, 0]


def test_many_copies_prune_once_in_an_hour(link: RepositoryLink) -> None:
    cache.delete("mgx.pruned")
    for expected in (1, 0, 0):
        processed(link, f"comment:{expected}{ProcessedWebhook.across_tenants.count()}", OLD)
        assert retention.prune_sometimes() == expected
    cache.delete("mgx.pruned")
    assert retention.prune_sometimes() == 2
