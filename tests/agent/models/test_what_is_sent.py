"""Nothing of the server's environment reaches an endpoint, which may be a tenant's."""

from __future__ import annotations

import pytest

from agent.models import ModelSettings, open_models
from tests.agent.models.endpoints import REQUEST, silent
from tests.support import scripted_anthropic, scripted_openai

pytestmark = pytest.mark.asyncio

CANARY = "canary-of-the-operator"


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_no_header_comes_from_the_environment(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL",
                 "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):  # fmt: skip
        monkeypatch.setenv(name, CANARY)
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, f"X-Gateway: {CANARY}\nAuthorization: Bearer  {CANARY}")
    opened = scripted_openai.serve(lambda m: "x") if kind == "openai" else scripted_anthropic.serve(lambda b: "x")
    with opened as server:
        model = open_models(ModelSettings(kind, "scripted", base_url=server.url))  # type: ignore[arg-type]
        await model.complete(REQUEST, silent)
        await model.aclose()
    assert CANARY not in str(server.requests)
