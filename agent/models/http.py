"""The HTTP client below both SDKs."""

from __future__ import annotations

from typing import Any

import httpx2

CONNECT_SECONDS = 10.0
NO_KEY = "none"
"""What endpoints get that want no key: the SDKs insist on one, and would look for it in the environment."""
OURS = frozenset(
    ("host", "accept", "accept-encoding", "connection", "content-type", "content-length", "transfer-encoding", "user-agent",
     "anthropic-version", "anthropic-beta")
)  # fmt: skip


def client_options(api_key: str) -> dict[str, Any]:
    """Options of the SDKs' clients: an endpoint must not send us elsewhere, nor get what is not for it.

    The SDKs add what they find in the process's environment (``OPENAI_CUSTOM_HEADERS``, ``OPENAI_ORG_ID``,
    ``ANTHROPIC_CUSTOM_HEADERS`` …): that is the operator's, and the endpoint may be a tenant's.
    """

    async def only_ours(request: httpx2.Request) -> None:
        for name in list(request.headers):
            if name.lower() not in OURS and not name.lower().startswith("x-stainless-"):
                del request.headers[name]
        request.headers["authorization"] = f"Bearer {api_key}"

    return {"follow_redirects": False, "event_hooks": {"request": [only_ours]}}
