"""What a stranger may send to the web process, over real connections: bounded in size and in time."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_websocket

from mgx_project import bounded_http
from mgx_project.asgi import limited
from mgx_project.embedded.ports import free_port
from tests.support.patience import SOON
from tests.support.web import serving

Port = int


@pytest.fixture(scope="module")
def port(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Port]:
    """The server with its own configuration, in a thread, with short patience. It may look after database connections that
    earlier tests have left in the thread that all synchronous code of a process shares."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(bounded_http, "HEAD_SECONDS", 2.0)
        patch.setattr(limited, "_seconds", 2.0)
        with serving() as number:
            yield number


def connect(port: Port) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=SOON)


def read_all(connection: socket.socket) -> bytes:
    """Until the server closes. A reset is how it closes while more is coming."""
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def pour(connection: socket.socket, piece: bytes, *, most: int) -> int:
    """Sends ``piece`` again and again; how many bytes the server took before it closed."""
    sent = 0
    try:
        while sent < most:
            connection.sendall(piece)
            sent += len(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


def test_a_request_within_the_bounds_is_answered_and_the_connection_kept(port: Port) -> None:
    with connect(port) as client:
        for _ in range(2):
            client.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n")
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200"), answer


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"a" * 40_000 + b"\r\n",
        b"".join(b"X-%d: %s\r\n" % (n, b"a" * 900) for n in range(50)),
        b"".join(b"X-%d: a\r\n" % n for n in range(200)),
    ],
    ids=["one long header", "many bytes", "many headers"],
)
@pytest.mark.parametrize("upgrade", [b"", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"], ids=["http", "websocket"])
def test_headers_beyond_the_bound_are_431(port: Port, head: bytes, upgrade: bytes) -> None:
    with connect(port) as client:
        client.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n" + upgrade + head + b"\r\n")
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 431"), answer[:200]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "headers_too_large"


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"GET / HTTP/1.1\r\nX-Long: ", b"a" * 65536),
        (b"GET / HTTP/1.1\r\n", b"X-Next: " + b"a" * 4000 + b"\r\n"),
        (b"GET /", b"a" * 65536),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ", b"a" * 65536),
    ],
    ids=["a header", "headers", "a path", "a trailer"],
)
def test_what_never_ends_is_not_kept(port: Port, beginning: bytes, piece: bytes) -> None:
    with connect(port) as client:
        client.sendall(beginning)
        assert pour(client, piece, most=72_000_000) < 20_000_000


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"], ids=["nothing", "half of the headers"])
def test_who_does_not_send_the_headers_is_disconnected(port: Port, beginning: bytes) -> None:
    with connect(port) as client:
        client.sendall(beginning)
        assert read_all(client).startswith(b"HTTP/1.1 408")


def test_a_byte_now_and_then_does_not_hold_a_connection(port: Port) -> None:
    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        try:
            while time.monotonic() - began < SOON:
                client.sendall(b"X")
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            return
    pytest.fail(f"the connection was still open after {SOON:g} seconds")


@pytest.mark.parametrize("length", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
def test_a_body_that_does_not_arrive_is_408(port: Port, length: bytes) -> None:
    with connect(port) as client:
        client.sendall(b"POST /api/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\n" + length + b"\r\n\r\n")
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 408"), answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "too_slow"


def test_others_are_served_beside_many_that_wait(port: Port) -> None:
    waiting = [connect(port) for _ in range(100)]
    try:
        with connect(port) as client:
            client.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert read_all(client).startswith(b"HTTP/1.1 200")
        assert all(read_all(one).startswith(b"HTTP/1.1 408") for one in waiting)
    finally:
        for one in waiting:
            one.close()


def test_a_large_message_of_a_socket_ends_it(port: Port) -> None:
    with connect_websocket(f"ws://127.0.0.1:{port}/ws/nowhere", open_timeout=SOON) as client, pytest.raises(ConnectionClosed):
        client.send("a" * 100_000)
        client.recv(timeout=SOON)


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_the_process_that_is_started_bounds_headers(server: str) -> None:
    number = free_port()
    command = [sys.executable, "-m", "mgx_project.serve", "--port", str(number), "--server", server]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                client = connect(number)
                break
            except ConnectionRefusedError:
                assert process.poll() is None
                time.sleep(0.05)
        with client:
            client.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            assert pour(client, b"X-Long: " + b"a" * 60_000, most=72_000_000) < 20_000_000
    finally:
        process.terminate()
        process.wait(SOON)
