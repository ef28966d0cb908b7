"""A cancelled run stops at once where Redis carries the word, and within the second where it does not."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from runs import lease, nudges, services
from runs.models import TaskRun
from runs.models.run import Status

from ..support.scripted_openai import Reply
from .conftest import Tenant, drive
from .test_ends import edit


def cancelled_after(tenant: Tenant, shop: Path, scripted: Any) -> float:
    """Seconds from the request to a run that is cancelled in the middle of a model call, its worker free again."""
    asked = threading.Event()

    def slow(messages: Any) -> Reply:
        asked.set()
        return Reply("late", delay=60)

    with scripted(slow):
        run = edit(tenant, shop)
        worker = threading.Thread(target=drive, args=(TaskRun.across_tenants.get(pk=run.pk),))
        worker.start()
        assert asked.wait(30)
        time.sleep(0.5)  # the listener subscribes, and the keeper has had its first look
        began = time.monotonic()
        services.cancel_run(principal=tenant.principal, run_id=run.pk)
        worker.join(30)
        took = time.monotonic() - began
        assert not worker.is_alive()
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    return took


def test_the_worker_hears_of_a_cancellation_before_it_looks(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "CHECK_SECONDS", 45.0)
    assert cancelled_after(tenant, shop, scripted) < 25


def test_without_a_nudge_the_worker_looks_by_itself(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(nudges, "_publish", lambda run_id: None)
    assert cancelled_after(tenant, shop, scripted) < 25


def test_a_cancellation_needs_no_redis(settings: Any, tenant: Tenant) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    nudges._publish(tenant.run().pk)
