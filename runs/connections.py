"""Which model a run talks to: the one it names, else the workspace's default connection, else the server's environment."""

from __future__ import annotations

import socket
from typing import get_args
from urllib.parse import urlsplit

from django.conf import settings

from agent.errors import ModelFailed
from agent.models import Kind, ModelSettings, Prices, open_models
from agent.models.settings import EditFormat
from agent.ports import Model
from mgx_project.common.addresses import HINT, is_allowed, reachable, refusal
from workspaces.models import ModelConnection

from .models import TaskRun

MAX_FALLBACKS = 5


def open_for(run: TaskRun) -> Model:
    """Raises ModelFailed when the run names a connection that its workspace does not have."""
    connections = ModelConnection.objects.of(run.workspace_id)
    if run.model and (connection := connections.filter(name=run.model).first()):
        return open_connection(connection)
    if not run.model and (connection := connections.filter(is_default=True).first()):
        return open_connection(connection)
    return open_models(_of_environment(run.model or settings.MGX_MODEL))


def is_known(workspace_id: object, name: str) -> bool:
    """Whether a run may name this model: a connection of the workspace, `offline`, or a model of the server's own endpoint."""
    if ModelConnection.objects.of(str(workspace_id)).filter(name=name).exists() or name == "offline":
        return True
    return any(_endpoint_of_environment(name)[1:])


def open_connection(connection: ModelConnection) -> Model:
    """The connection, and those that answer when it can't. Raises ModelFailed for an address that the server does not reach."""
    return open_models(*(settings_of(one) for one in _chain(connection)))


def settings_of(connection: ModelConnection) -> ModelSettings:
    """Raises ModelFailed (``address_refused``)."""
    require_reachable(connection.base_url)
    prices = None
    if connection.price_in is not None and connection.price_out is not None:
        prices = Prices(connection.price_in, connection.price_out, connection.price_cached_in)
    kind: Kind = next(kind for kind in get_args(Kind) if kind == connection.kind)
    formats: tuple[EditFormat, ...] = get_args(EditFormat)
    return ModelSettings(
        kind,
        connection.model,
        role_models=connection.role_models,
        api_key=connection.api_key,
        base_url=connection.base_url,
        address_allowed=is_allowed,
        prices=prices,
        context_tokens=connection.context_tokens,
        max_output_tokens=connection.max_output_tokens,
        native_tools=connection.native_tools,
        edit_format=next((name for name in formats if name == connection.edit_format), None),
        requests_per_minute=connection.requests_per_minute,
        tokens_per_minute=connection.tokens_per_minute,
        timeout=settings.MGX_MODEL_TIMEOUT_SECONDS,
        stall_timeout=settings.MGX_MODEL_STALL_SECONDS,
    )


def require_reachable(url: str) -> None:
    """A tenant's endpoint is where this server reaches. Raises ModelFailed; a name that is unknown fails later by itself.

    Early words for the person: what holds is that each connection asks again (``address_allowed``).
    """
    host = urlsplit(url).hostname
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
    except (OSError, UnicodeError):
        return
    if found and not reachable(str(entry[4][0]) for entry in found):
        raise ModelFailed(refusal(str(host)), hint=HINT, code="address_refused")


def _chain(connection: ModelConnection) -> list[ModelConnection]:
    """The connection and its fallbacks in their order: of its workspace, each once."""
    chain = [connection]
    while len(chain) <= MAX_FALLBACKS and (next_id := chain[-1].fallback_id):
        following = ModelConnection.objects.of(connection.workspace_id).filter(pk=next_id).first()
        if following is None or following in chain:
            break
        chain.append(following)
    return chain


def _endpoint_of_environment(name: str) -> tuple[Kind, str, str]:
    """Kind, key and address of the server's own endpoint for a model of this name."""
    if name.startswith("anthropic/"):
        return "anthropic", settings.MGX_ANTHROPIC_API_KEY, settings.MGX_ANTHROPIC_BASE_URL
    return "openai", settings.MGX_OPENAI_API_KEY, settings.MGX_OPENAI_BASE_URL


def _of_environment(name: str) -> ModelSettings:
    if name == "offline":
        return ModelSettings("offline")
    kind, key, url = _endpoint_of_environment(name)
    if not key and not url:
        upper = kind.upper()
        raise ModelFailed(
            f"The model {name!r} is not a connection of this workspace, and the server has no endpoint of its own for it.",
            hint=f"Add a connection under /api/models, or set {upper}_API_KEY or {upper}_BASE_URL on the server.",
            code="model_unknown",
        )
    return ModelSettings(
        kind,
        name.removeprefix(f"{kind}/"),
        api_key=key,
        base_url=url,
        timeout=settings.MGX_MODEL_TIMEOUT_SECONDS,
        stall_timeout=settings.MGX_MODEL_STALL_SECONDS,
    )
