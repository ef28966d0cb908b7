"""A tenant's model endpoint is not a way to what only this machine may ask, and all workers keep its limits together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.conf import settings

from agent.errors import ModelFailed, RateLimited
from agent.ports import ModelRequest
from agent.rate_limits import LimitStore, shared_store
from agent.rate_limits.storage import OwnStorage, SharedStorage
from runs.worker import model_connection
from runs.worker.model_connection import open_for
from workspaces.models import ModelConnection

from ..support.scripted_openai import Reply
from .conftest import Tenant


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
    ],
)
def test_a_metadata_service_is_no_model_endpoint(tenant: Tenant, host: str) -> None:
    ModelConnection.objects.create(
        workspace_id=tenant.workspace.pk, name="m", kind="openai", model="m", base_url=f"http://{host}/v1", is_default=True
    )
    with pytest.raises(ModelFailed) as refused:
        open_for(tenant.run())
    assert refused.value.code == "address_refused"


def test_an_endpoint_beside_the_server_is_allowed(tenant: Tenant) -> None:
    ModelConnection.objects.create(
        workspace_id=tenant.workspace.pk,
        name="m",
        kind="openai",
        model="m",
        base_url="http://127.0.0.1:11434/v1",
        is_default=True,
    )
    assert open_for(tenant.run()).name == "m"


def test_an_endpoint_that_one_worker_was_told_to_leave_alone_is_left_alone_by_the_others(
    tenant: Tenant, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers: nothing is shared but Redis."""
    prefix = shared_store(settings.REDIS_URL).shared.key_prefix  # type: ignore[union-attr]

    def of_a_new_process(url: str) -> LimitStore:
        storage = SharedStorage(url)
        storage.key_prefix = prefix
        return LimitStore(OwnStorage(), storage)

    monkeypatch.setattr(model_connection, "shared_store", of_a_new_process)
    request = ModelRequest("k", "engineer", "WriteCode", [{"role": "user", "content": "Hello"}], "task", max_tokens=10)

    async def ask() -> float | None:
        model = await asyncio.to_thread(open_for, run)
        try:
            with pytest.raises(RateLimited) as refused:
                await model.complete(request, lambda text: None)
            return refused.value.retry_after
        finally:
            await model.aclose()

    with scripted(lambda messages: Reply("slow down", status=429, headers={"retry-after": "500"})) as server:
        run = tenant.run()
        for _ in range(2):
            assert asyncio.run(ask()) == pytest.approx(500, abs=60)
    assert len(server.requests) == 1
