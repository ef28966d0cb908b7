"""Spans of a process: what they are named by, what becomes of errors and of a collector that is away, and what is off costs."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog
from django.test import Client

from mgx_project import env
from mgx_project.common import traces
from tests.support import otlp
from tests.support.patience import SOON
from tests.support.silent_server import silent_server

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[otlp.Collector]:
    with otlp.collected_here(monkeypatch) as found:
        yield found


def test_a_span_goes_on_where_its_parent_says_and_errors_are_named_by_type(collector: otlp.Collector) -> None:
    with traces.span("outer", {"a": 1}, kind="consumer", parent=PARENT):
        outer = traces.traceparent()
        with pytest.raises(ValueError), traces.span("inner"):
            raise ValueError("hunter2")
        traces.note({"b": "x"}, name="renamed")
    with traces.span("malformed", parent="00-zz"):
        pass
    assert traces.traceparent() == ""
    traces.close()
    inner, renamed, malformed = collector.spans
    assert (renamed.name, renamed.attributes, renamed.failed) == ("renamed", {"a": 1, "b": "x"}, False)
    assert f"00-{renamed.trace}-{renamed.parent}-01" == PARENT and outer == f"00-{renamed.trace}-{renamed.span}-01"
    assert (inner.parent, inner.trace, inner.failed) == (renamed.span, renamed.trace, True)
    assert inner.attributes == {"error.type": "ValueError"}
    assert malformed.parent == "" and malformed.trace != renamed.trace
    assert (malformed.service, collector.headers[0]["x-key"]) == ("mgx", "a b")


def test_a_request_is_named_by_its_route(collector: otlp.Collector, client: Client, db: None) -> None:
    assert client.get("/api/runs", headers={"traceparent": PARENT}).status_code == 401
    assert client.get("/health/live").status_code == 200
    assert client.generic("BREW", "/api/nowhere?token=hunter2").status_code in (404, 405)
    traces.close()
    assert [span.name for span in collector.spans] == ["GET api/runs", "_OTHER"]
    known = collector.spans[0]
    assert known.trace == PARENT.split("-")[1] and known.attributes["http.response.status_code"] >= 400
    assert "hunter2" not in repr(collector.spans)


def test_lines_of_the_log_name_the_trace(collector: otlp.Collector) -> None:
    assert "trace_id" not in traces.add_trace_id(None, "", {"event": "x"})
    with traces.span("outer", parent=PARENT):
        assert traces.add_trace_id(None, "", {"event": "x"})["trace_id"] == PARENT.split("-")[1]
    assert traces.add_trace_id in structlog.get_config()["processors"]


def test_a_collector_that_does_not_answer_holds_nothing_up(collector: otlp.Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    with silent_server() as silent:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", silent.url)
        monkeypatch.setattr(env, "OTEL_EXPORTER_OTLP_TIMEOUT", 3600.0)
        monkeypatch.setattr(traces, "CLOSE_SECONDS", 0.2)
        for number in range(5_000):  # more than the queue holds
            with traces.span(f"span {number}"):
                pass
        silent.wait_for(1)
        traces.close()
        [closing] = (thread for thread in threading.enumerate() if thread.name == "traces-close")
    closing.join(SOON)
    assert not closing.is_alive()


def test_nothing_of_opentelemetry_is_imported_where_it_is_off() -> None:
    program = (
        "import sys; from mgx_project.common import traces\n"
        "with traces.span('x', {'a': 1}, parent='y'): traces.note({'b': 2})\n"
        "traces.close(); print(traces.traceparent() == '', sorted(name for name in sys.modules if 'telemetry' in name))"
    )
    settings = {"MGX_SECRET_KEY": "-", "MGX_ENCRYPTION_KEYS": "-", "DATABASE_URL": "postgres:///-", "REDIS_URL": "redis://-"}
    done = subprocess.run([sys.executable, "-c", program], env=settings, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "[]"]
