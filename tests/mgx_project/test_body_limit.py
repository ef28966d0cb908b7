"""Bodies are refused while they arrive, not after they were stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mgx_project.body_limit import BodyLimit

LIMIT = 100


def ask(chunks: list[bytes], headers: list[tuple[bytes, bytes]]) -> tuple[list[Any], dict[str, Any], int]:
    """What was sent, what the application saw, and how many chunks were taken."""
    seen: dict[str, Any] = {}
    sent: list[Any] = []
    taken = 0

    def arriving() -> Iterator[dict[str, Any]]:
        for number, chunk in enumerate(chunks, 1):
            yield {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        yield {"type": "http.disconnect"}

    messages = arriving()

    async def receive() -> Any:
        nonlocal taken
        taken += 1
        return next(messages)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen["length"] = dict(scope["headers"]).get(b"content-length")
        message = await receive()
        seen["body"] = message.get("body")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(BodyLimit(application, limit=LIMIT)({"type": "http", "headers": headers}, receive, send))
    return sent, seen, taken


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    sent, seen, taken = ask([b"x" * 60] * 9, [(b"content-length", b"540")])
    assert (sent[0]["status"], seen, taken) == (413, {}, 0)
    assert json.loads(sent[1]["body"])["code"] == "too_large"


def test_a_body_without_a_length_is_read_to_the_limit_only() -> None:
    sent, seen, taken = ask([b"x" * 60] * 9, [(b"transfer-encoding", b"chunked")])
    assert (sent[0]["status"], seen, taken) == (413, {}, 2)


@pytest.mark.parametrize("header", [(b"transfer-encoding", b"chunked"), (b"content-length", b"80")])
def test_a_body_within_the_limit_arrives_whole_with_its_length(header: tuple[bytes, bytes]) -> None:
    sent, seen, _ = ask([b"x" * 40, b"y" * 40], [header])
    assert sent == []
    assert seen == {"length": b"80", "body": b"x" * 40 + b"y" * 40}


def test_a_client_that_goes_away_reaches_nothing() -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def application(*_: Any) -> None:
        raise AssertionError("half a request was handled")

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "headers": [(b"content-length", b"9")]}
    asyncio.run(BodyLimit(application, limit=LIMIT)(scope, gone, send))
