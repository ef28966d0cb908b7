"""Which model a run talks to: the one it names, else the workspace's default connection, else the server's environment."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from django.conf import settings

from agent.errors import ModelFailed
from agent.models import Prices, open_model
from agent.ports import Model
from mgx_project.common.addresses import is_forbidden
from workspaces.models import ModelConnection

from .models import TaskRun


def open_for(run: TaskRun) -> Model:
    """Raises ModelFailed when the run names a connection that its workspace does not have."""
    connections = ModelConnection.objects.of(run.workspace_id)
    if run.model and (connection := connections.filter(name=run.model).first()):
        return _open_connection(connection)
    if not run.model and (connection := connections.filter(is_default=True).first()):
        return _open_connection(connection)
    return _open_named(run.model or settings.MGX_MODEL)


def is_known(workspace_id: object, name: str) -> bool:
    """Whether a run may name this model: a connection of the workspace, `offline`, or a model of the server's own endpoint."""
    if ModelConnection.objects.of(str(workspace_id)).filter(name=name).exists() or name == "offline":
        return True
    return bool(settings.MGX_OPENAI_API_KEY or settings.MGX_OPENAI_BASE_URL)


def _open_connection(connection: ModelConnection) -> Model:
    _require_reachable(connection.base_url)
    prices = None
    if connection.price_in is not None and connection.price_out is not None:
        prices = Prices(connection.price_in, connection.price_out)
    return open_model(
        "offline" if connection.kind == ModelConnection.Kind.OFFLINE else "openai",
        model=connection.model,
        api_key=connection.api_key,
        base_url=connection.base_url,
        prices=prices,
        timeout=settings.MGX_MODEL_TIMEOUT_SECONDS,
        stall_timeout=settings.MGX_MODEL_STALL_SECONDS,
    )


def _require_reachable(url: str) -> None:
    """A tenant's endpoint must not be a metadata service. Raises ModelFailed; a name that is unknown fails later by itself."""
    host = urlsplit(url).hostname
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
    except (OSError, UnicodeError):
        return
    if any(is_forbidden(str(entry[4][0])) for entry in found):
        raise ModelFailed(
            f"{host} is a link-local address; this server does not reach those.",
            hint="Change the model connection's base_url under /api/models.",
            code="address_refused",
        )


def _open_named(name: str) -> Model:
    if name == "offline":
        return open_model("offline")
    if not settings.MGX_OPENAI_API_KEY and not settings.MGX_OPENAI_BASE_URL:
        raise ModelFailed(
            f"The model {name!r} is not a connection of this workspace, and the server has no endpoint of its own.",
            hint="Add a connection under /api/models, or set OPENAI_API_KEY or OPENAI_BASE_URL on the server.",
            code="model_unknown",
        )
    return open_model(
        "openai",
        model=name.removeprefix("openai/"),
        api_key=settings.MGX_OPENAI_API_KEY,
        base_url=settings.MGX_OPENAI_BASE_URL,
        timeout=settings.MGX_MODEL_TIMEOUT_SECONDS,
        stall_timeout=settings.MGX_MODEL_STALL_SECONDS,
    )
