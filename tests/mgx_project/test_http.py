from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from mgx_project.http import OneThreadHandler
from tests.support.patience import SOON

both_here = threading.Barrier(2, timeout=SOON)
left = asyncio.Event()
FILE = bytes(4 * OneThreadHandler.chunk_size)


def said(request: HttpRequest) -> HttpResponse:
    return HttpResponse("said")


async def awaited(request: HttpRequest) -> HttpResponse:
    return HttpResponse("awaited")


def thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


def together(request: HttpRequest) -> HttpResponse:
    """Answers only when another request is in here too."""
    both_here.wait()
    return HttpResponse("together")


def lasting(request: HttpRequest) -> StreamingHttpResponse:
    async def lines() -> AsyncIterator[str]:
        try:
            yield "one\n"
            await asyncio.Event().wait()
        finally:
            left.set()

    return StreamingHttpResponse(lines())


def failing(request: HttpRequest) -> StreamingHttpResponse:
    async def lines() -> AsyncIterator[str]:
        yield "one\n"
        raise ArithmeticError("in the middle")

    return StreamingHttpResponse(lines())


def filed(request: HttpRequest) -> FileResponse:
    return FileResponse(BytesIO(FILE))


def queried(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(str(threading.get_ident()))


urlpatterns = [path(view.__name__, view) for view in (said, awaited, thread, together, lasting, failing, filed, queried)]


def application() -> Any:
    """Django's types of an application are narrower than those of its clients."""
    return OneThreadHandler()


@pytest.fixture
def client() -> Iterator[httpx.AsyncClient]:
    with override_settings(ROOT_URLCONF=__name__):
        yield httpx.AsyncClient(transport=httpx.ASGITransport(application()), base_url="http://127.0.0.1")


@pytest.fixture
def signals() -> Iterator[list[tuple[str, int]]]:
    """(signal, thread) in the order of what was sent."""
    seen: list[tuple[str, int]] = []

    def begun(**_: Any) -> None:
        seen.append(("begun", threading.get_ident()))

    def ended(**_: Any) -> None:
        seen.append(("ended", threading.get_ident()))

    request_started.connect(begun)
    request_finished.connect(ended)
    yield seen
    request_started.disconnect(begun)
    request_finished.disconnect(ended)


@pytest.mark.parametrize("view", ["said", "awaited"])
async def test_synchronous_and_async_views_answer_behind_the_same_middleware(client: httpx.AsyncClient, view: str) -> None:
    answer = await client.get(f"/{view}")
    assert answer.text == view
    assert answer.headers["X-Request-Id"]
    assert answer.headers["X-Frame-Options"] == "DENY"


async def test_requests_one_after_another_share_a_thread(client: httpx.AsyncClient) -> None:
    threads = [(await client.get("/thread")).text for _ in range(50)]
    assert len(set(threads)) < 10  # a thread that has answered may be a moment late in saying that it is free
    assert str(threading.get_ident()) not in threads


async def test_requests_at_the_same_time_do_not_wait_for_each_other(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(client.get("/together"), client.get("/together"))
    assert [answer.text for answer in answers] == ["together", "together"]


async def test_a_request_begins_and_ends_once_in_the_thread_of_its_view(
    client: httpx.AsyncClient, signals: list[tuple[str, int]]
) -> None:
    """At its end Django gives the thread's connections back, so that has to be said in this very thread."""
    worker = int((await client.get("/thread")).text)
    assert signals == [("begun", worker), ("ended", worker)]


def _answer(url: str, sent: list[dict[str, Any]], leave: asyncio.Event) -> Callable[[], Any]:
    """A request of a client that leaves when the event is set."""
    scope = {
        "type": "http", "method": "GET", "path": url, "raw_path": url.encode(), "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop()
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message.get("body"):
            leave.set()

    return lambda: application()(scope, receive, send)


@override_settings(ROOT_URLCONF=__name__)
async def test_a_stream_ends_when_its_client_leaves(signals: list[tuple[str, int]]) -> None:
    left.clear()
    sent: list[dict[str, Any]] = []
    async with asyncio.timeout(SOON):
        await _answer("/lasting", sent, asyncio.Event())()
        await left.wait()
    assert [message.get("body") for message in sent] == [None, b"one\n"]
    assert [signal for signal, _ in signals] == ["begun", "ended"]


@override_settings(ROOT_URLCONF=__name__)
async def test_an_error_in_the_middle_of_a_stream_reaches_the_server(signals: list[tuple[str, int]]) -> None:
    """The server closes the connection then; a clean end would tell the client that it has everything."""
    with pytest.raises(ArithmeticError):
        await _answer("/failing", [], _Never())()
    assert [signal for signal, _ in signals] == ["begun", "ended"]


class _Never(asyncio.Event):
    def set(self) -> None:
        """The client stays."""


@pytest.mark.django_db(transaction=True)
async def test_an_answered_request_holds_no_connection_to_the_database(client: httpx.AsyncClient) -> None:
    pool: Any = connection.pool  # type: ignore[attr-defined]
    before = pool.get_stats()
    answers = [await client.get("/queried") for _ in range(20)]
    assert [answer.status_code for answer in answers] == [200] * 20
    after = pool.get_stats()
    assert after["requests_num"] - before.get("requests_num", 0) == 20
    assert _held(after) == _held(before)


def _held(pool: dict[str, int]) -> int:
    return pool["pool_size"] - pool["pool_available"]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")  # of files Django does so
@override_settings(ROOT_URLCONF=__name__)
async def test_a_file_is_sent_in_the_pieces_that_django_sends(signals: list[tuple[str, int]]) -> None:
    """64 KiB each: a message for every 4 KiB, as a `FileResponse` reads by itself, would keep the event loop busy."""
    sent: list[dict[str, Any]] = []
    await _answer("/filed", sent, _Never())()
    pieces = [message["body"] for message in sent if message.get("body")]
    assert b"".join(pieces) == FILE
    assert len(pieces) == len(FILE) // OneThreadHandler.chunk_size
    assert [signal for signal, _ in signals] == ["begun", "ended"]
