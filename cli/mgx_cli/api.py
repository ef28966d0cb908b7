"""The REST client: one request, one answer, and the server's problem documents as errors.

It uses urllib, because importing httpx alone takes longer than a whole ``mgx list`` may. Redirects are refused: they could
send the token elsewhere. POSTs carry an Idempotency-Key, so a request whose answer was lost can safely be sent again,
and so can the command (`mgx_cli.unanswered`).
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from mgx_cli.config import ServerConfig
from mgx_cli.errors import ApiError, Unreachable
from mgx_cli.output import one_line, say
from mgx_cli.redirects import NoRedirect
from mgx_cli.unanswered import this_command

TIMEOUT = 30.0
ATTEMPTS = 3
LONGEST_WAIT = 10.0
"""The longest Retry-After that is waited for, in seconds; a longer one is reported to the caller."""
LONGEST_TURN = 60.0
"""The same for a limit of requests per minute: the server has done nothing yet, and accepts requests again within a minute."""

TRACED = frozenset({"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "TRACEPARENT"})
"""Variables by which a command has a trace (`mgx_cli.command_trace`)."""
ALREADY_DONE = "The same command has done this already; its answer was lost. To do it once more, repeat the command."


class Api:
    """A client of one server. Every method raises ``ApiError`` for an error response and ``Unreachable`` without a response."""

    def __init__(self, server: ServerConfig, *, timeout: float = TIMEOUT) -> None:
        self.server = server
        self._timeout = timeout
        handlers: list[urllib.request.BaseHandler] = [NoRedirect()]
        if server.is_loopback:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return self._json("GET", path, query)

    def get_with_etag(self, path: str) -> tuple[Any, str]:
        """The row, and its ETag for ``patch``."""
        with self._open("GET", path, headers={"Accept": "application/json"}) as answer:
            etag = str(answer.headers.get("ETag") or "")
            return self._parsed(path, self._read(answer)), etag

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._json("POST", path, None, body or {})

    def patch(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> Any:
        """With an ``etag``, only if nobody has changed the row since: ApiError with status 412 otherwise."""
        return self._json("PATCH", path, None, body, {"If-Match": etag} if etag else {})

    def delete(self, path: str) -> None:
        with self._open("DELETE", path, headers={"Accept": "application/json"}) as answer:
            self._read(answer)

    def text(self, path: str, accept: str) -> bytes:
        with self._open("GET", path, headers={"Accept": f"{accept}, */*;q=0.1"}) as answer:
            return self._read(answer)

    def lines(self, path: str, query: Mapping[str, Any], accept: str, *, timeout: float = TIMEOUT) -> Iterator[str]:
        """The lines of a response as they arrive. ``timeout`` is the longest silence between two of them, in seconds.

        Raises ``Unreachable`` also if the connection is lost in the middle.
        """
        with self._open("GET", path, query, headers={"Accept": f"{accept}, */*;q=0.1"}, timeout=timeout) as answer:
            try:
                for line in answer:
                    yield line.decode("utf-8", "replace").rstrip("\n")
            except (OSError, http.client.HTTPException) as error:
                raise Unreachable(f"The connection to {self.server.base_url} was lost: {error}") from error

    def items(self, path: str, query: Mapping[str, Any] | None = None, *, most: int = 1000) -> Iterator[dict[str, Any]]:
        """The rows of a list, page by page, ``most`` at most."""
        cursor, seen = None, 0
        while seen < most:
            page = self.get(path, {**(query or {}), "limit": min(200, most - seen), "cursor": cursor})
            rows = page["items"]
            yield from rows
            seen += len(rows)
            cursor = page.get("next_cursor")
            if not cursor or not rows:
                return

    def identity_headers(self) -> dict[str, str]:
        """Headers with the token and the workspace, also used in the WebSocket handshake."""
        headers = {}
        if self.server.token:
            headers["Authorization"] = f"Bearer {self.server.token}"
        if self.server.workspace:
            headers["X-Workspace-Id" if _is_uuid(self.server.workspace) else "X-Workspace-Slug"] = self.server.workspace
        return headers

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        with self._open(method, path, query, body, headers={"Accept": "application/json", **(headers or {})}) as answer:
            raw = self._read(answer)
        if method == "POST":
            this_command.answered()
        return self._parsed(path, raw)

    def _parsed(self, path: str, raw: bytes) -> Any:
        try:
            return json.loads(raw) if raw else {}
        except ValueError as error:
            raise Unreachable(
                f"The response of {self.server.base_url} to {path} is not JSON.",
                hint=f"Check that this is an MGX server. The address comes from {self.server.source}.",
            ) from error

    def _read(self, answer: Any) -> bytes:
        try:
            return bytes(answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.server.base_url} closed the connection in the middle of a response: {error}") from error

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        *,
        headers: Mapping[str, str],
        timeout: float | None = None,
    ) -> Any:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = self.server.base_url + quote(path) + (f"?{urlencode(given)}" if given else "")
        data = None if body is None else json.dumps(body).encode()
        all_headers = {**headers, **self.identity_headers(), **_trace_headers(), "User-Agent": "mgx-cli"}
        if data is not None:
            all_headers["Content-Type"] = "application/json"
            if method == "POST":
                all_headers["Idempotency-Key"] = this_command.key(self.server.base_url, path, data)
        request = urllib.request.Request(url, data=data, headers=all_headers, method=method)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._opener.open(request, timeout=timeout or self._timeout)
                if attempt == 1 and answer.headers.get("Idempotent-Replayed") == "true":
                    say(ALREADY_DONE, "dim")
                return answer
            except urllib.error.HTTPError as error:
                document = _problem(error)
                wait = _retry_after(error, document)
                if method == "POST":
                    this_command.refused(error.code)
                if attempt < ATTEMPTS and wait is not None:
                    say(f"{one_line(document.get('detail'), 200)} Trying again in {wait:.0f} s.", "dim")
                    time.sleep(wait)
                    continue
                raise ApiError(error.code, document) from error
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                if method == "POST":
                    this_command.failed(connected=not isinstance(reason, ConnectionRefusedError))
                if attempt < ATTEMPTS and not isinstance(reason, (ConnectionRefusedError, TimeoutError)):
                    time.sleep(0.2 * attempt)
                    continue
                raise Unreachable(
                    f"Could not connect to {self.server.base_url}: {reason}.",
                    hint=f"Check the address, which comes from {self.server.source}, or run: mgx doctor",
                ) from error
        raise AssertionError("the last attempt returns or raises")


def _trace_headers() -> dict[str, str]:
    if TRACED.isdisjoint(os.environ):
        return {}
    from mgx_cli.command_trace import this_trace

    parent = this_trace().traceparent
    return {"traceparent": parent} if parent else {}


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    if error.code in (301, 302, 303, 307, 308):
        where = error.headers.get("Location", "")
        return {"title": "The server redirects", "detail": f"to {where}", "hint": "Use the server's final address."}
    try:
        document = json.loads(error.read(1 << 20))
    except (OSError, ValueError, http.client.HTTPException):
        document = None
    return document if isinstance(document, dict) else {"title": f"HTTP {error.code}", "detail": error.reason}


def _retry_after(error: urllib.error.HTTPError, document: Mapping[str, Any]) -> float | None:
    """Seconds to wait before the same request may succeed; None if waiting does not help."""
    if error.code not in (429, 503):
        return None
    longest = LONGEST_TURN if document.get("code") == "rate_limited" else LONGEST_WAIT
    try:
        wait = float(error.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return wait if 0 <= wait <= longest else None


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
