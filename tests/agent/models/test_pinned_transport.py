"""A tenant's endpoint is looked at in the moment of the connection, and nothing else is connected to."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from agent.errors import ModelFailed
from agent.models import ModelSettings, open_models
from tests.agent.models.endpoints import REQUEST, silent
from tests.support import scripted_anthropic, scripted_openai

pytestmark = pytest.mark.asyncio
NAME = "models.example"


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_a_name_that_moves_is_not_followed(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo
    answers = ["127.0.0.2", "127.0.0.1"]

    def answer(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == NAME:
            asked.append(host)
            host = answers[0]
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    opened = scripted_openai.serve(lambda m: "x") if kind == "openai" else scripted_anthropic.serve(lambda b: "x")
    with opened as server:
        url = server.url.replace("127.0.0.1", NAME)
        seen: list[str] = []

        def allowed(address: str) -> bool:
            seen.append(address)
            return address == "127.0.0.1"

        model = open_models(ModelSettings(kind, "scripted", api_key="k", base_url=url, address_allowed=allowed))
        with pytest.raises(ModelFailed, match=f"{NAME}:.* is not in a network") as refused:
            await model.complete(REQUEST, silent)
        assert refused.value.code == "address_refused"
        assert "127." not in f"{refused.value.detail} {refused.value.hint}"
        assert server.requests == []
        answers.pop(0)
        assert (await model.complete(REQUEST, silent)).text == "x"
        await model.aclose()
    assert (len(asked), seen) == (2, ["127.0.0.2", "127.0.0.1"])


async def test_the_first_address_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host == NAME:
            return [*real("127.0.0.2", port, *args, **kwargs), *real("127.0.0.1", port, *args, **kwargs)]
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with scripted_openai.serve(lambda m: "x") as server:
        url = server.url.replace("127.0.0.1", NAME)
        model = open_models(ModelSettings("openai", "scripted", base_url=url, address_allowed=lambda address: True))
        assert (await model.complete(REQUEST, silent)).text == "x"
        await model.aclose()


async def test_a_proxy_of_the_environment_is_asked_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted_openai.serve(lambda m: "by proxy") as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        model = open_models(
            ModelSettings(
                "openai", "m", base_url="http://only-the-proxy-knows.example/v1", address_allowed=lambda address: False
            )
        )
        assert (await model.complete(REQUEST, silent)).text == "by proxy"
        await model.aclose()
