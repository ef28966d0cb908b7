"""A tenant's model endpoint is not a way to what only this machine may ask."""

from __future__ import annotations

import pytest

from agent.errors import ModelFailed
from runs.worker.model_connection import open_for
from workspaces.models import ModelConnection

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
