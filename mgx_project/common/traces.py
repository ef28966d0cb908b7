"""Traces for an OpenTelemetry collector: one per run, from the command or request that began it to each of its commands.

Off unless an endpoint is set (`OTEL_EXPORTER_OTLP_ENDPOINT`), and then nothing of OpenTelemetry is imported. The SDK reads the
rest of its settings itself: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.

Spans have names, ids, sizes and times. No prompt, answer, argument of a command or text of an error is in one: others than the
workspace's people read the collector.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from .. import env

if TYPE_CHECKING:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes = Mapping[str, str | int | float | bool | Sequence[str]]
CLOSE_SECONDS = 2.0
"""What a process that ends waits for the collector."""

enabled = bool(env.OTEL_EXPORTER_OTLP_ENDPOINT or env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)


@contextmanager
def span(
    name: str, attributes: Attributes | None = None, *, kind: Kind = "internal", parent: str = "", began: datetime | None = None
) -> Iterator[None]:
    """Around a piece of work. Belongs to ``parent`` (a `traceparent`, https://www.w3.org/TR/trace-context/), or else to the
    span around it; a malformed parent is none. An exception is named by its type."""
    if not enabled:
        yield
        return
    from opentelemetry import trace

    tracer = _provider().get_tracer("mgx")
    options: dict[str, Any] = {"record_exception": False, "set_status_on_exception": False}
    if began is not None:
        options["start_time"] = int(began.timestamp() * 1e9)
    with tracer.start_as_current_span(
        name, _context(parent), trace.SpanKind[kind.upper()], attributes=attributes, **options
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            if isinstance(error, Exception):
                current.set_status(trace.StatusCode.ERROR)
            raise


def note(attributes: Attributes, *, name: str = "", failed: bool = False) -> None:
    """What is known only at the end of the present span."""
    if not enabled:
        return
    from opentelemetry import trace

    current = trace.get_current_span()
    current.set_attributes(attributes)
    if name:
        current.update_name(name)
    if failed:
        current.set_status(trace.StatusCode.ERROR)


def traceparent() -> str:
    """The present span for another process; "" where there is none."""
    return _carried().get("traceparent", "") if enabled else ""


def add_trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: a line that is logged within a trace names it."""
    if enabled and (present := traceparent()):
        event["trace_id"] = present.split("-")[1]
    return event


def close() -> None:
    """Delivers what waits, in bounded time: a collector that is away holds no process up."""
    if enabled and _provider.cache_info().currsize:
        closing = threading.Thread(target=_provider().shutdown, name="traces-close", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)
        exporter: Any = _exporter()  # its `shutdown` has no types
        exporter.shutdown()  # no repetition of a delivery is begun any more


@cache
def _provider() -> TracerProvider:
    """Of this process, with the thread that delivers its spans; a fork gets a thread of its own from the SDK."""
    from django.conf import settings
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({SERVICE_NAME: env.OTEL_SERVICE_NAME, SERVICE_VERSION: settings.MGX_VERSION})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    return provider


@cache
def _exporter() -> OTLPSpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(timeout=env.OTEL_EXPORTER_OTLP_TIMEOUT)


def _context(parent: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None


def _carried() -> dict[str, str]:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier
