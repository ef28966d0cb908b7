"""Chooses the model of a run: the one it names, or the workspace's default connection, or the server's own.

The server's own endpoint (`MGX_MODEL` and its key) is the operator's money: it is for the workspaces that they allow it to, and
for the models that they name.
"""

from __future__ import annotations

import socket
import uuid
from typing import get_args
from urllib.parse import urlsplit

from django.conf import settings

from agent.errors import ModelFailed
from agent.models import Kind, ModelSettings, Prices, open_models
from agent.models.settings import EditFormat
from agent.ports import Model
from agent.rate_limits import shared_store
from mgx_project.common.egress_policy import HINT, is_allowed, reachable, refusal
from workspaces.models import ModelConnection, Workspace

from ..models import TaskRun

MAX_FALLBACKS = 5
HOW_ELSE = (
    "Add a model connection of your own (mgx model create) and make it the default, or ask the operator of this server to "
    "allow this workspace to use its model (admin, Workspaces; MGX_SERVER_MODEL_FOR, MGX_SERVER_MODELS)."
)


def open_for(run: TaskRun) -> Model:
    """Raises ModelFailed if the run names an unknown connection, or a model that the workspace may not use."""
    return choose_for(run)[0]


def choose_for(run: TaskRun) -> tuple[Model, bool]:
    """As `open_for`, and whether the operator pays for it. Raises ModelFailed as it does."""
    connections = ModelConnection.objects.for_workspace(run.workspace_id)
    if run.model and (connection := connections.filter(name=run.model).first()):
        return open_connection(connection), False
    if not run.model and (connection := connections.filter(is_default=True).first()):
        return open_connection(connection), False
    name = run.model or settings.MGX_MODEL
    found = _of_environment(name)
    if name != "offline" and (refused := _refusal(run.workspace_id, name)):
        raise ModelFailed(refused, hint=HOW_ELSE, code="model_not_allowed")
    return open_models(found), name != "offline"


def refuse_model(workspace_id: uuid.UUID, name: str) -> str:
    """Why a run of this workspace may not name this model, with the choices; empty where it may."""
    mine = sorted(ModelConnection.objects.for_workspace(workspace_id).values_list("name", flat=True))
    if name in mine or name == "offline":
        return ""
    servers = [model for model in server_models() if any(_endpoint_of_environment(model)[1:])]
    if servers and not may_use_server(workspace_id):
        servers = []
    if name in servers:
        return ""
    choices = ", ".join(sorted({"offline", *servers, *mine}))
    return f"The model {name!r} is neither a connection of this workspace nor allowed on the server. Choose one of: {choices}."


def server_models() -> list[str]:
    """The models of the server's own endpoint that the operator allows: `MGX_MODEL` and `MGX_SERVER_MODELS`."""
    return [name for name in dict.fromkeys((settings.MGX_MODEL, *settings.MGX_SERVER_MODELS)) if name != "offline"]


def may_use_server(workspace_id: uuid.UUID) -> bool:
    """Whether the operator lets this workspace use the server's own endpoint: as its row says, else as the setting does."""
    allowed = Workspace.objects.filter(pk=workspace_id).values_list("server_model", flat=True).first()
    return settings.MGX_SERVER_MODEL_FOR == "all" if allowed is None else allowed


def _refusal(workspace_id: uuid.UUID, name: str) -> str:
    if not may_use_server(workspace_id):
        return (
            "This workspace has no default model connection, and the operator has not allowed it to use the server's own model."
        )
    models = server_models()
    return "" if name in models else f"The server does not offer the model {name!r}. It offers: {', '.join(models)}."


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
        limits=shared_store(settings.REDIS_URL),
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
        following = ModelConnection.objects.for_workspace(connection.workspace_id).filter(pk=next_id).first()
        if following is None or following in chain:
            break
        chain.append(following)
    return chain


def _endpoint_of_environment(name: str) -> tuple[Kind, str, str]:
    """Kind, key and address of the server's own endpoint for this model."""
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
            f"The model {name!r} is not a connection of this workspace, and the server has no endpoint for it.",
            hint=f"Add one with: mgx model create NAME --kind {kind}, or set {upper}_API_KEY or _BASE_URL on the server.",
            code="model_unknown",
        )
    return ModelSettings(
        kind,
        name.removeprefix(f"{kind}/"),
        api_key=key,
        base_url=url,
        prices=_server_prices(name),
        timeout=settings.MGX_MODEL_TIMEOUT_SECONDS,
        stall_timeout=settings.MGX_MODEL_STALL_SECONDS,
        limits=shared_store(settings.REDIS_URL),
    )


def _server_prices(name: str) -> Prices | None:
    prices = settings.MGX_SERVER_MODELS.get(name)
    return None if prices is None else Prices(*prices)
