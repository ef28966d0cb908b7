"""A cancelled run stops where Redis carries the word, and where the worker looks by itself."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from runs import services
from runs.lifecycle import cancel_channel
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.worker import lease

from ..support.patience import SOON
from ..support.scripted_openai import Reply
from .conftest import Tenant, drive
from .test_ends import edit


def cancel_in_a_call(tenant: Tenant, shop: Path, scripted: Any) -> None:
    """Cancels a run in the middle of a model call; its worker is free again long before the call would have ended."""
    asked = threading.Event()

    def slow(messages: Any) -> Reply:
        asked.set()
        return Reply("late", delay=3600)

    with scripted(slow):
        run = edit(tenant, shop)
        worker = threading.Thread(target=drive, args=(TaskRun.across_tenants.get(pk=run.pk),))
        worker.start()
        assert asked.wait(SOON)
        services.cancel_run(principal=tenant.principal, run_id=run.pk)
        until = time.monotonic() + SOON
        while worker.is_alive() and time.monotonic() < until:
            worker.join(0.5)
            cancel_channel.notify_worker(run.pk)  # the first may have been sent before the listener had subscribed
        assert not worker.is_alive()
    run.refresh_from_db()
    assert run.status == Status.CANCELLED


def test_the_worker_hears_of_a_cancellation_before_it_looks(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "CHECK_SECONDS", 3600.0)
    cancel_in_a_call(tenant, shop, scripted)


def test_without_a_notification_the_worker_reads_the_run_by_itself(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(cancel_channel, "_publish", lambda run_id: None)
    cancel_in_a_call(tenant, shop, scripted)


def test_a_cancellation_needs_no_redis(settings: Any, tenant: Tenant) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    cancel_channel._publish(tenant.run().pk)
