"""A service that a tenant names may be anything: it takes neither a worker's memory nor its time, and breaks nothing here."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from repositories.errors import HostFailed
from repositories.hosting import checked_requests, deadline
from repositories.hosting.github.client import GitHubClient
from tests.conftest import CallerInTests
from tests.support.patience import SOON

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FOUND = {
    "id": 1, "full_name": "evil/shop", "default_branch": "main", "clone_url": "x", "html_url": "x", "private": False,
    "archived": False, "permissions": {"push": True},
}  # fmt: skip


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The API address of a server that says to everybody what ``answer`` writes."""

    def talk(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.recv(1 << 16)
            answer(client)

    def listen() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                threading.Thread(target=talk, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def saying(data: dict[str, Any], *headers: str) -> Callable[[socket.socket], None]:
    body = json.dumps(data).encode()
    lines = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(body)}", "Connection: close"))
    return lambda client: client.sendall(HEAD + lines.encode() + b"\r\n" + body)


def endless(client: socket.socket) -> None:
    client.sendall(HEAD + b"\r\n")
    while True:
        client.sendall(b" " * 65536)


def unfolding(client: socket.socket) -> None:
    body = gzip.compress(b" " * 30_000_000)
    client.sendall(HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def dripping_body(client: socket.socket) -> None:
    client.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    while True:
        client.sendall(b" ")
        time.sleep(0.02)


def dripping_head(client: socket.socket) -> None:
    client.sendall(HEAD + b"X-Slow: ")
    while True:
        client.sendall(b"x")
        time.sleep(0.02)


@pytest.mark.parametrize("answer", [endless, unfolding])
def test_an_answer_without_end_is_cut_off(answer: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_requests, "MAX_ANSWER", 1_000_000)
    with answering(answer) as api, pytest.raises(HostFailed) as raised:
        GitHubClient(api, "evil/shop").repository()
    assert raised.value.code == "bad_answer"


@pytest.mark.parametrize("answer", [dripping_body, dripping_head])
def test_an_answer_that_never_comes_is_given_up(
    answer: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "MAX_SECONDS", 0.5)
    began = time.monotonic()
    with answering(answer) as api, pytest.raises(HostFailed) as raised:
        GitHubClient(api, "evil/shop").repository()
    assert raised.value.code == "unreachable"
    assert time.monotonic() - began < SOON, "either would go on for ever"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "headers"),
    [
        ({"default_branch": "b" * 5000}, ()),
        ({"default_branch": "b\0c"}, ()),
        ({"default_branch": ["main"]}, ()),
        ({"full_name": f"evil/{'n' * 5000}"}, ()),
        ({"full_name": "evil/shop\0"}, ()),
        ({"full_name": "../../evil"}, ()),
        ({"id": 10**150}, ()),
        ({}, ("ETag: " + "e" * 5000,)),
    ],
    ids=["long branch", "NUL in the branch", "no branch", "long name", "NUL in the name", "no name", "long id", "long etag"],
)
def test_what_does_not_fit_here_is_a_bad_answer(owner: CallerInTests, change: dict[str, Any], headers: tuple[str, ...]) -> None:
    with answering(saying({**FOUND, **change}, *headers)) as api:
        body = {"url": "evil/shop", "provider": "github", "api_base_url": api}
        answer = owner.api.post("/api/repositories/connect", body)
    if answer.status_code == 201:
        assert change == {}  # an etag that can't be kept only costs the next request
        return
    assert (answer.status_code, answer.json()["code"]) == (502, "bad_answer"), answer.json()
