"""What was checked is what is connected to: real sockets, and names that lead elsewhere the second time."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import github
import pytest
from pytest_django import Settings

from repositories.errors import AddressRefused, GitCommandFailed
from repositories.git.checkout import RemoteSource
from repositories.git.process import git
from repositories.git.remote import Remote, reach
from repositories.hosting.github import transport
from tests.support.patience import SOON

NAME = "git.example"
Rebind = Callable[..., list[str]]


@pytest.fixture
def rebind(monkeypatch: pytest.MonkeyPatch) -> Rebind:
    """``rebind("127.0.0.1", "10.0.0.1")``: NAME leads to the first, from the second question on to the next; the last stays.

    Returns who was asked for. Nobody but this process knows NAME.
    """
    real = socket.getaddrinfo

    def answers(*addresses: str) -> list[str]:
        asked: list[str] = []

        def answer(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            if host != NAME:
                return real(host, port, *args, **kwargs)
            asked.append(host)
            return real(addresses[min(len(asked), len(addresses)) - 1], port, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return answers


class _Listener(ThreadingHTTPServer):
    """Says nothing useful, and remembers what it was asked for."""

    daemon_threads = True

    def __init__(self, script: dict[str, tuple[int, dict[str, str], bytes]] | None = None) -> None:
        self.asked: list[str] = []
        script = script or {}
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                listener.asked.append(f"{self.path} {self.headers.get('Authorization', '')}".strip())
                status, headers, body = script.get(self.path.partition("?")[0], (404, {}, b""))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """The test's output is not the place."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()


@pytest.fixture
def listen() -> Iterator[Callable[..., _Listener]]:
    made: list[_Listener] = []

    def make(script: dict[str, Any] | None = None) -> _Listener:
        made.append(_Listener(script))
        return made[-1]

    yield make
    for listener in made:
        listener.shutdown()
        listener.server_close()
        listener.thread.join()


async def look(url: str) -> None:
    async with reach(RemoteSource(url)) as remote:
        await remote.refs("HEAD")


async def test_git_goes_to_the_address_that_was_checked(rebind: Rebind, listen: Callable[..., _Listener]) -> None:
    listener = listen()
    asked = rebind("127.0.0.1", "10.255.255.1")
    with pytest.raises(Exception, match="does not exist or this credential"):
        await look(f"http://{NAME.upper()}:{listener.port}/a/b.git")
    assert len(asked) == 1
    assert listener.asked[0].startswith("/a/b.git/info/refs")


async def test_a_name_that_leads_into_the_private_network_is_refused(
    rebind: Rebind, listen: Callable[..., _Listener], settings: Settings
) -> None:
    settings.MGX_ALLOWED_NETWORKS = []
    listener = listen()
    rebind("127.0.0.1")
    for url in (f"http://{NAME}:{listener.port}/a/b.git", f"ssh://git@{NAME}:{listener.port}/a/b.git"):
        with pytest.raises(AddressRefused) as refused:
            await look(url)
        assert "127." not in f"{refused.value.detail} {refused.value.hint}"
    assert not listener.asked


async def test_ssh_goes_to_the_address_that_was_checked(rebind: Rebind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard: list[bytes] = []

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(100))

        thread = threading.Thread(target=answer)
        thread.start()
        rebind("127.0.0.1", "10.255.255.1")
        with pytest.raises(GitCommandFailed):
            await look(f"ssh://git@{NAME}:{server.getsockname()[1]}/a/b.git")
        thread.join(SOON)
    assert heard[0].startswith(b"SSH-2.0-")


def test_the_api_goes_to_the_address_that_was_checked(
    rebind: Rebind, listen: Callable[..., _Listener], settings: Settings
) -> None:
    transport.install()
    listener = listen()
    url = f"http://{NAME}:{listener.port}/api/v3"

    def ask() -> None:
        github.Github(base_url=url, retry=0).get_repo("a/b")

    asked = rebind("127.0.0.1", "10.255.255.1")
    with pytest.raises(github.GithubException, match="404"):
        ask()
    assert (len(asked), listener.asked) == (1, ["/api/v3/repos/a/b"])
    settings.MGX_ALLOWED_NETWORKS = []
    rebind("127.0.0.1")
    with pytest.raises(AddressRefused):
        ask()
    assert len(listener.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_followed_by_nobody(status: int, listen: Callable[..., _Listener]) -> None:
    transport.install()
    elsewhere = listen()
    there = f"http://127.0.0.2:{elsewhere.port}/x"
    listener = listen(
        {"/a/b.git/info/refs": (status, {"Location": there}, b""), "/repos/a/b": (status, {"Location": there}, b"{}")}
    )
    with pytest.raises(GitCommandFailed) as moved:
        await look(f"http://127.0.0.1:{listener.port}/a/b.git")
    assert moved.value.code == "redirected"
    client = github.Github(base_url=f"http://127.0.0.1:{listener.port}", auth=github.Auth.Token("tok"), retry=0)
    with suppress(github.GithubException, RuntimeError):  # refused, or taken for the answer
        await asyncio.to_thread(client.get_repo, "a/b")
    assert not elsewhere.asked


async def test_alternates_of_a_dumb_server_lead_nowhere(listen: Callable[..., _Listener], tmp_path: Any) -> None:
    elsewhere = listen()
    sha = "1" * 40
    alternates = f"http://127.0.0.1:{elsewhere.port}/objects\n".encode()
    listener = listen(
        {
            "/a/b.git/info/refs": (200, {}, f"{sha}\trefs/heads/main\n".encode()),
            "/a/b.git/HEAD": (200, {}, b"ref: refs/heads/main\n"),
            "/a/b.git/objects/info/http-alternates": (200, {}, alternates),
            "/a/b.git/objects/info/alternates": (200, {}, alternates),
        }
    )
    await git("init", "-q", "--bare", str(tmp_path / "x.git"))
    async with reach(RemoteSource(url := f"http://127.0.0.1:{listener.port}/a/b.git")) as remote:
        with pytest.raises(GitCommandFailed):
            await remote.run("fetch", "--quiet", url, "refs/heads/main", git_dir=str(tmp_path / "x.git"))
    assert any("alternates" in path for path in listener.asked)
    assert not elsewhere.asked


async def _filled(remote: Remote, url: str) -> str:
    scheme, _, rest = url.partition("://")
    asked = f"protocol={scheme}\nhost={rest}\n\n".encode()
    try:
        return (await git("credential", "fill", stdin=asked, config=remote._config, env=remote._env)).decode()
    except GitCommandFailed:
        return ""


async def test_the_credential_is_for_its_own_host_only() -> None:
    async with reach(RemoteSource("http://127.0.0.1:8123/a/b.git", credential="tok-of-this-host")) as remote:
        assert "tok-of-this-host" in await _filled(remote, "http://127.0.0.1:8123")
        for other in (
            "http://127.0.0.1:8124",
            "https://127.0.0.1:8123",
            "http://localhost:8123",
            "http://127.0.0.1.example:8123",
        ):
            assert "tok-of-this-host" not in await _filled(remote, other)


async def test_git_takes_nothing_from_where_a_server_points_it() -> None:
    for name in ("fetch.uriProtocols", "transfer.bundleURI", "http.followRedirects", "protocol.allow"):
        assert (await git("config", "--get", name)).decode().strip() in ("", "false", "never")


async def test_only_our_own_reading_of_the_environment_names_a_proxy(
    listen: Callable[..., _Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, listener = listen(), listen()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(Exception, match="does not exist or this credential"):
        await look(f"http://127.0.0.1:{listener.port}/a/b.git")
    assert (len(listener.asked), proxy.asked) == (1, [])
    with pytest.raises(Exception, match="does not exist or this credential"):  # the name is the proxy's to look up
        await look("http://only-the-proxy-knows.example/a/b.git")
    assert proxy.asked[0].startswith("http://only-the-proxy-knows.example/a/b.git/info/refs")
