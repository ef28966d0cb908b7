"""The HTTP client below both SDKs."""

from __future__ import annotations

from typing import Any

import httpx2

from agent.models.pinned_transport import PinnedTransport, proxy_of, tls_context
from agent.models.settings import ModelSettings

CONNECT_SECONDS = 10.0
NO_KEY = "none"
"""What endpoints get that want no key: the SDKs insist on one, and would look for it in the environment."""
OURS = frozenset(
    ("host", "accept", "accept-encoding", "connection", "content-type", "content-length", "transfer-encoding", "user-agent",
     "anthropic-version", "anthropic-beta")
)  # fmt: skip


def client_options(settings: ModelSettings, base_url: str) -> dict[str, Any]:
    """Options of the SDKs' clients: an endpoint must not send us elsewhere, nor get what is not for it.

    The SDKs add what they find in the process's environment (``OPENAI_CUSTOM_HEADERS``, ``OPENAI_ORG_ID``,
    ``ANTHROPIC_CUSTOM_HEADERS`` …): that is the operator's, and the endpoint may be a tenant's. Of a tenant's endpoint only
    addresses are reached that ``settings.address_allowed`` allows.
    """
    api_key = settings.api_key or NO_KEY

    async def only_ours(request: httpx2.Request) -> None:
        for name in list(request.headers):
            if name.lower() not in OURS and not name.lower().startswith("x-stainless-"):
                del request.headers[name]
        request.headers["authorization"] = f"Bearer {api_key}"

    options: dict[str, Any] = {"follow_redirects": False, "event_hooks": {"request": [only_ours]}, "verify": tls_context()}
    if settings.address_allowed is not None:
        proxy = proxy_of(base_url)
        options["transport"] = (
            httpx2.AsyncHTTPTransport(verify=tls_context(), proxy=proxy) if proxy else PinnedTransport(settings.address_allowed)
        )
    return options


def as_they_are(arguments: dict[str, Any]) -> dict[str, Any]:
    """``arguments`` for a client's `create`, which would take messages and tools apart by type, to the last string, and change
    nothing of ours: 2 ms for ten messages and eight tools, more with each turn."""
    whole = {name: arguments[name] for name in ("messages", "tools") if name in arguments}
    return {**arguments, **dict.fromkeys(whole, ()), "extra_body": whole}
