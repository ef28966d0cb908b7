"""daphne bounds what a stranger may send as uvicorn does (`test_bounded_http.py`)."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_websocket

from mgx_project.embedded.ports import free_port
from tests.support.patience import SOON

from .test_bounded_http import connect, pour, read_all

IMPATIENT = """
import mgx_project.asgi
from mgx_project import bounded_daphne, serve
bounded_daphne.HEAD_SECONDS = bounded_daphne.BODY_SECONDS = bounded_daphne.WRITE_SECONDS = 2.0
bounded_daphne.IDLE_SECONDS = 5.0
serve.serve_by_daphne("127.0.0.1", {port})
"""
GET = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /api/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    number = free_port()
    with subprocess.Popen([sys.executable, "-c", IMPATIENT.format(port=number)]) as process:
        try:
            while True:
                try:
                    connect(number).close()
                    break
                except ConnectionRefusedError:
                    assert process.poll() is None
                    time.sleep(0.05)
            yield number
        finally:
            process.terminate()


def test_a_request_within_the_bounds_is_answered_and_the_connection_kept(port: int) -> None:
    with connect(port) as client:
        for _ in range(2):
            client.sendall(GET + b"X-Long: " + b"a" * 20_000 + b"\r\n\r\n")
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200"), answer


def test_a_kept_connection_is_closed_after_a_while_without_a_word(port: int) -> None:
    with connect(port) as client:
        client.sendall(GET + b"\r\n")
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1") == 1


def test_requests_that_come_together_are_answered_one_after_the_other(port: int) -> None:
    with connect(port) as client:
        client.sendall(2 * (GET + b"\r\n") + GET + b"Connection: close\r\n\r\n")
        assert read_all(client).count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize("beginning", [b"", GET, GET + b"\r\n" + GET], ids=["nothing", "half", "half of a second one"])
def test_who_does_not_send_the_headers_is_disconnected(port: int, beginning: bytes) -> None:
    with connect(port) as client:
        client.sendall(beginning)
        answer = read_all(client)
    assert b"HTTP/1.1 408" in answer
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["code"] == "too_slow"


@pytest.mark.parametrize(
    "beginning",
    [GET, POST + b"Content-Length: 100000\r\n\r\n", POST + b"Transfer-Encoding: chunked\r\n\r\n5000\r\n"],
    ids=["headers", "a body", "a chunked body"],
)
def test_a_byte_now_and_then_does_not_hold_a_connection(port: int, beginning: bytes) -> None:
    with connect(port) as client:
        client.sendall(beginning)
        began = time.monotonic()
        try:
            while time.monotonic() - began < SOON:
                client.sendall(b"X")
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            return
    pytest.fail(f"the connection was still open after {SOON:g} seconds")


@pytest.mark.parametrize("length", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
def test_a_body_that_does_not_arrive_is_408(port: int, length: bytes) -> None:
    with connect(port) as client:
        client.sendall(POST + length + b"\r\n\r\n")
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 408"), answer
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["code"] == "too_slow"


def test_a_body_that_says_it_is_too_long_is_413(port: int) -> None:
    with connect(port) as client:
        client.sendall(POST + b"Content-Length: 72000000\r\n\r\n")
        assert read_all(client).startswith(b"HTTP/1.1 413")


def test_a_body_that_never_ends_is_not_kept(port: int) -> None:
    with connect(port) as client:
        client.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        assert pour(client, b"10000\r\n" + b"a" * 65536 + b"\r\n", most=72_000_000) < 20_000_000


def test_who_does_not_read_the_answers_is_disconnected(port: int) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(SOON)
        client.connect(("127.0.0.1", port))
        client.sendall(400 * b"GET /static/admin/css/base.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        gone = select.poll()
        gone.register(client, 0)  # an error or a hang-up is told without being asked for
        assert gone.poll(SOON * 1000)


def test_a_large_message_of_a_socket_ends_it(port: int) -> None:
    with connect_websocket(f"ws://127.0.0.1:{port}/ws/nowhere", open_timeout=SOON) as client, pytest.raises(ConnectionClosed):
        client.send("a" * 100_000)
        client.recv(timeout=SOON)
