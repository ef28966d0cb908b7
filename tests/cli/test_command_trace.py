"""A command is the first span of its trace, or goes on with one that is there."""

from __future__ import annotations

from tests.cli.conftest import Mgx
from tests.cli.standin import Standin
from tests.support import otlp

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_command_is_the_parent_of_its_requests(mgx: Mgx, server: Standin) -> None:
    with otlp.collector() as collector:
        base = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"{collector.url}/", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b"}
        assert mgx("--no-colour", "whoami", **base).returncode == 0
        whole = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}/v1/traces", "TRACEPARENT": PARENT}
        assert mgx("status", "01999999", **whole).returncode != 0
    first, second = collector.spans
    assert (first.name, first.service, first.parent, first.failed) == ("mgx whoami", "mgx-cli", "", False)
    assert first.attributes == {"process.exit.code": 0} and first.began < first.ended
    assert f"00-{second.trace}-{second.parent}-01" == PARENT and second.failed and second.name == "mgx status"
    assert collector.headers[0]["x-key"] == "a b"
    sent = [_parent(headers) for _, _, headers, _ in server.requests]
    assert set(sent) == {f"00-{span.trace}-{span.span}-01" for span in collector.spans}


def test_without_a_collector_a_trace_is_passed_on_as_it_is(mgx: Mgx, server: Standin) -> None:
    assert mgx("whoami", TRACEPARENT=PARENT).returncode == 0
    assert mgx("whoami", TRACEPARENT="anything\r\nX-Other: 1").returncode == 0
    assert mgx("whoami").returncode == 0
    assert [_parent(headers) for _, _, headers, _ in server.requests] == [PARENT, "", ""]


def test_a_collector_that_is_away_is_said_and_changes_nothing(mgx: Mgx, server: Standin) -> None:
    done = mgx("whoami", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    plain = mgx("whoami")
    assert (done.returncode, done.stdout) == (0, plain.stdout)
    assert "The trace could not be sent" in done.stderr
    assert "The trace could not be sent" in mgx("whoami", OTEL_EXPORTER_OTLP_ENDPOINT="nonsense").stderr


def test_a_redirect_does_not_get_the_collectors_key(mgx: Mgx, server: Standin) -> None:
    with otlp.collector() as collector, otlp.redirect(collector.url) as elsewhere:
        done = mgx("whoami", OTEL_EXPORTER_OTLP_ENDPOINT=elsewhere, OTEL_EXPORTER_OTLP_HEADERS="x-key=secret")
    assert (done.returncode, collector.asked) == (0, 0)
    assert "The trace could not be sent" in done.stderr


def _parent(headers: dict[str, str]) -> str:
    return {name.lower(): value for name, value in headers.items()}.get("traceparent", "")
