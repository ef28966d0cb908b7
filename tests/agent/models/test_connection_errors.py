"""Why no connection came about is told apart, with what to do; settings that can't be sent are told before anything is."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ModelFailed
from agent.models import ModelSettings, ModelUnavailable, open_models
from agent.models.errors import ModelBroken
from agent.models.usable_settings import unsendable
from tests.agent.models.endpoints import KEY, REQUEST, presentable, silent
from tests.agent.models.quirks import quirky

pytestmark = pytest.mark.asyncio
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
KINDS = ("openai", "anthropic")


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def failure(url: str, kind: str = "openai", **options: Any) -> ModelFailed:
    given = {"api_key": KEY, "base_url": url, "max_retries": 0, "timeout": 20, **options}
    model = open_models(ModelSettings(kind, "m", **given))  # type: ignore[arg-type]
    try:
        with pytest.raises(ModelFailed) as failed:
            await model.complete(REQUEST, silent)
    finally:
        await model.aclose()
    return presentable(failed.value)


@asynccontextmanager
async def server(answer: Callable[[bytes], bytes], context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Answers the first bytes of each connection and closes it; gives the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(await reader.read(65_536)))
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Signed by itself, for the name localhost and not for the address."""
    where = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", where / "key.pem", "-out", where / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return where


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pinned", [False, True])
async def test_a_certificate_that_is_not_trusted_names_ssl_cert_file(certificate: Path, kind: str, pinned: bool) -> None:
    allowed = {"address_allowed": lambda address: True} if pinned else {}
    async with server(lambda asked: b"", tls(certificate)) as port:
        error = await failure(f"https://localhost:{port}/v1", kind, **allowed)
    assert error.code == "model_certificate"
    assert f"localhost:{port} is not trusted: self" in error.detail
    assert "SSL_CERT_FILE=" in error.hint
    assert not isinstance(error, ModelBroken), "it does not pass by itself"


async def test_a_certificate_of_another_name_is_told_apart(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    context = httpx2.create_ssl_context()
    context.load_verify_locations(certificate / "cert.pem")
    for module in ("http", "pinned_transport"):
        monkeypatch.setattr(f"agent.models.{module}.tls_context", lambda: context)
    async with server(lambda asked: b"", tls(certificate)) as port:
        error = await failure(f"https://127.0.0.1:{port}/v1")
    assert error.code == "model_certificate"
    assert "a name that the certificate is for in OPENAI_BASE_URL" in error.hint


@pytest.mark.parametrize("kind", KINDS)
async def test_tls_to_a_port_that_speaks_none_names_http(kind: str) -> None:
    async with server(lambda asked: b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        error = await failure(f"https://127.0.0.1:{port}/v1", kind)
    assert error.code == "model_tls"
    assert "write http:// in" in error.hint


async def test_http_to_a_port_that_speaks_tls_names_https(certificate: Path) -> None:
    async with server(lambda asked: b"", tls(certificate)) as port:
        error = await failure(f"http://127.0.0.1:{port}/v1")
    assert isinstance(error, ModelUnavailable)
    assert "write https:// in" in error.hint
    said = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
    async with server(lambda asked: said) as port:
        assert "Write https:// in" in (await failure(f"http://127.0.0.1:{port}/v1")).hint


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pinned", [False, True])
async def test_a_name_that_is_unknown(kind: str, pinned: bool) -> None:
    allowed = {"address_allowed": lambda address: True} if pinned else {}
    error = await failure("http://no-such-host.invalid:8000/v1", kind, **allowed)
    assert error.code == "model_unknown_host"
    assert "the name no-such-host.invalid" in error.detail


async def test_nothing_that_listens() -> None:
    with socket.socket() as bound:  # nobody else gets its port meanwhile, and it does not listen
        bound.bind(("127.0.0.1", 0))
        error = await failure(f"http://127.0.0.1:{bound.getsockname()[1]}/v1")
    assert isinstance(error, ModelBroken)
    assert "nothing accepts connections at this address and port" in error.detail
    assert "In a container, localhost is the container itself." in error.hint


async def test_a_connection_that_is_closed_without_an_answer() -> None:
    async with server(lambda asked: b"") as port:
        error = await failure(f"http://127.0.0.1:{port}/v1")
    assert isinstance(error, ModelBroken)
    assert "closed the connection without an answer" in error.detail


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("scheme", "variable"), [("http", "HTTP_PROXY"), ("https", "HTTPS_PROXY")])
async def test_a_proxy_that_is_not_there_is_named(
    kind: str, scheme: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as bound:  # nobody else gets its port meanwhile, and it does not listen
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        monkeypatch.setenv(variable, f"http://user:word@127.0.0.1:{port}")
        error = await failure(f"{scheme}://127.0.0.1:9/v1", kind)
    assert error.code == "model_proxy"
    assert f"through the proxy 127.0.0.1:{port}" in error.detail
    assert "add 127.0.0.1 to NO_PROXY" in error.hint
    assert "word" not in error.detail + error.hint


@pytest.mark.parametrize(
    ("answer", "code"),
    [(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied", "model_unauthorized"),
     (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "model_unavailable"),
     (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "model_refused"),
     (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "model_garbage")],
)  # fmt: skip
async def test_what_a_proxy_answers_itself_is_not_taken_for_the_endpoints_without_a_word(
    answer: bytes, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server(lambda asked: answer) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        error = await failure("http://models.example/v1")
    assert error.code == code
    assert "add models.example to NO_PROXY" in error.hint


async def test_a_proxy_that_refuses_the_tunnel_is_named_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(lambda asked: b"HTTP/1.1 403 Blocked by policy\r\nContent-Length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        error = await failure("https://models.example/v1")
    assert error.code == "model_proxy"
    assert "Blocked by policy" in error.detail


async def test_a_key_loses_the_line_break_that_came_from_its_file() -> None:
    async with quirky("plain", api_key=f" {KEY}\n") as (model, _):
        assert (await model.complete(REQUEST, silent)).text == "ok"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("key", "named"),
    [(f"“{KEY}”", "U+201C (left double quotation mark) at position 1"), (f"{KEY}\u200b", "U+200B (zero width space)"),
     ("a\nb", "U+000A (a control character) at position 2"), ("a b", "U+0020 (space) at position 2"), ("clé", "U+00E9")],
)  # fmt: skip
async def test_a_key_that_no_header_can_hold_is_refused_by_its_setting(kind: str, key: str, named: str) -> None:
    error = await failure("http://127.0.0.1:9/v1", kind, api_key=key)
    assert error.code == "model_key_unusable"
    assert named in error.detail
    assert f"{kind.upper()}_API_KEY" in error.hint


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "localhost:8000/v1", "user:word@models.example/v1"])
async def test_an_address_without_a_scheme_is_told_with_one(kind: str, url: str) -> None:
    error = await failure(url, kind)
    assert error.code == "model_address_unusable"
    assert "has no http:// or https:// before it" in error.detail
    assert f"{kind.upper()}_BASE_URL" in error.hint
    assert f"to http://{url.rpartition('@')[2]}" in error.hint
    assert "word" not in error.detail + error.hint


@pytest.mark.parametrize("url", ["ftp://models.example/v1", "http:///v1", "http://models.example:99999/v1"])
async def test_other_addresses_are_refused_too(url: str) -> None:
    assert (await failure(url)).code == "model_address_unusable"


async def test_every_visible_ascii_character_can_be_sent() -> None:
    assert unsendable("".join(map(chr, range(0x21, 0x7F)))) == ""
