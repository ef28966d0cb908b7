"""The command as the first span of a trace: where a collector is set (`OTEL_EXPORTER_OTLP_ENDPOINT`) it gets that span by OTLP
(JSON over HTTP), and every request names it. Without one, a `TRACEPARENT` of the environment is passed on as it is.

The span has the command's name, its times and its exit code; no argument, path or address.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
import urllib.request
from functools import cache
from urllib.parse import unquote

from mgx_cli.redirects import NoRedirect

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-0[01]")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""
SECONDS = 1.0
"""For the collector, when the command has done its work."""


class CommandTrace:
    """From its making, before the first request, to `end`. A redirect is refused: the headers may hold the collector's key."""

    def __init__(self) -> None:
        given = TRACEPARENT.fullmatch(os.environ.get("TRACEPARENT", ""))
        self._given = given[0] if given else ""
        self._trace, self._parent = given.groups() if given else (secrets.token_hex(16), "")
        self._span, self._began = secrets.token_hex(8), time.time_ns()
        self._endpoint = _endpoint()

    @property
    def traceparent(self) -> str:
        """For a request's header; "" for none."""
        return f"00-{self._trace}-{self._span}-01" if self._endpoint else self._given

    def end(self, command: str, exit_code: int) -> str:
        """Delivers the span. Returns what went wrong, "" for nothing."""
        if not self._endpoint:
            return ""
        span = {
            "traceId": self._trace,
            "spanId": self._span,
            "parentSpanId": self._parent,
            "name": f"mgx {command}".strip(),
            "kind": 3,
            "startTimeUnixNano": str(self._began),
            "endTimeUnixNano": str(time.time_ns()),
            "attributes": [{"key": "process.exit.code", "value": {"intValue": str(exit_code)}}],
            "status": {"code": 2 if exit_code else 0},
        }
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "mgx-cli"}}]}
        spans = {"resource": resource, "scopeSpans": [{"scope": {"name": "mgx"}, "spans": [span]}]}
        body = json.dumps({"resourceSpans": [spans]}).encode()
        headers = {"Content-Type": "application/json", **_headers()}
        try:
            request = urllib.request.Request(self._endpoint, data=body, headers=headers, method="POST")
            with urllib.request.build_opener(NoRedirect()).open(request, timeout=SECONDS):
                return ""
        except (OSError, ValueError) as error:
            return str(getattr(error, "reason", error))


@cache
def this_trace() -> CommandTrace:
    """Of the process, from its first request on."""
    return CommandTrace()


def _endpoint() -> str:
    whole = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "").strip()
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
    return whole or (f"{base.rstrip('/')}/v1/traces" if base else "")


def _headers() -> dict[str, str]:
    """``NAME=VALUE``, comma-separated, percent-encoded."""
    pairs = (pair.partition("=") for pair in os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(",") if "=" in pair)
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}
