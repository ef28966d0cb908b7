"""A collector of traces on loopback: it takes OTLP over HTTP, as protobuf from the server and as JSON from the command line.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from mgx_project.common import traces


@dataclass(frozen=True)
class Span:
    """``trace``, ``span`` and ``parent`` are hexadecimal; ``parent`` is "" for the first of its trace. Times in nanoseconds."""

    service: str
    trace: str
    span: str
    parent: str
    name: str
    kind: int
    began: int
    ended: int
    failed: bool
    attributes: dict[str, Any]


@dataclass
class Collector:
    url: str = ""
    spans: list[Span] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    """Requests of any method, accepted or not."""

    def trace(self, name: str, value: str) -> list[Span]:
        """The newest trace that has a span with this attribute, in the order of its beginnings; [] for none."""
        seen = list(self.spans)
        found = next((span.trace for span in reversed(seen) if span.attributes.get(name) == value), None)
        return sorted((span for span in seen if span.trace == found), key=lambda span: span.began)


@contextmanager
def collector() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked += 1
            self.send_error(405)

        def do_POST(self) -> None:
            found.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            as_json = self.headers["Content-Type"] == "application/json"
            if self.path != "/v1/traces":
                self.send_error(404)
                return
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            found.spans.extend(_by_json(body) if as_json else _by_protobuf(body))
            answer = b"{}" if as_json else ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", self.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Nothing to standard error."""

    with _serving(Handler) as found.url:
        yield found


@contextmanager
def redirect(url: str) -> Iterator[str]:
    """A server that sends everyone to ``url``, with the path that was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302)
            self.send_header("Location", url + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing to standard error."""

    with _serving(Handler) as own:
        yield own


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _by_protobuf(body: bytes) -> Iterator[Span]:
    request = ExportTraceServiceRequest.FromString(body)
    for each in request.resource_spans:
        service = _values([MessageToDict(pair) for pair in each.resource.attributes]).get("service.name", "")
        for span in (span for scope in each.scope_spans for span in scope.spans):
            yield Span(
                service, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
                span.start_time_unix_nano, span.end_time_unix_nano, span.status.code == 2,
                _values([MessageToDict(pair) for pair in span.attributes]),
            )  # fmt: skip


def _by_json(body: bytes) -> Iterator[Span]:
    for each in json.loads(body)["resourceSpans"]:
        service = _values(each["resource"]["attributes"])["service.name"]
        for span in (span for scope in each["scopeSpans"] for span in scope["spans"]):
            yield Span(
                service, span["traceId"], span["spanId"], span["parentSpanId"], span["name"], span["kind"],
                int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]), span["status"]["code"] == 2,
                _values(span["attributes"]),
            )  # fmt: skip


def _values(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """Of attributes in OTLP's JSON: 64-bit integers are text there."""
    return {pair["key"]: _value(pair["value"]) for pair in pairs}


def _value(value: dict[str, Any]) -> Any:
    if "arrayValue" in value:
        return [_value(each) for each in value["arrayValue"].get("values", ())]
    return int(value["intValue"]) if "intValue" in value else next(iter(value.values()), None)


@contextmanager
def collected_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Spans of this process go to it."""
    with collector() as found, monkeypatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        patch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b")
        patch.setattr(traces, "enabled", True)
        _forget()
        try:
            yield found
        finally:  # also where a test fails: the next one would send its spans to a collector that is gone
            traces.close()
            _forget()


def _forget() -> None:
    traces._provider.cache_clear()
    traces._exporter.cache_clear()
