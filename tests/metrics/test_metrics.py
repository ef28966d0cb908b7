"""What a finished run leaves, summaries, usage and the Prometheus page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from metrics.models import MetricSnapshot
from mgx_project.asgi import application
from runs.signals import run_finished
from tests.conftest import Api, CallerInTests
from tests.factories import TaskRunFactory
from workspaces.models import Event, LedgerEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def snapshot(caller: CallerInTests, value: float, at: datetime = NOW, name: str = "run_duration_seconds", **ids: Any) -> None:
    MetricSnapshot.objects.create(
        workspace=caller.workspace, name=name, metric_type="timer", value=value, timestamp=at, **({"run_id": uuid4()} | ids)
    )


def finished(caller: CallerInTests, **fields: Any) -> Any:
    began = timezone.now()
    return TaskRunFactory(
        workspace=caller.workspace,
        status="completed",
        started_at=began,
        completed_at=began + timedelta(seconds=90),
        usage={"tokens_in": 1200, "tokens_out": 300, "calls": 4, "cost_usd": "0.012"},
        results={"tests": {"passed": 3, "failed": 0}},
        **fields,
    )


def test_a_finished_run_leaves_its_numbers_once(owner: CallerInTests) -> None:
    run = finished(owner)
    for _ in range(2):
        run_finished.send(sender=type(run), run=run)
    found = owner.api.get(f"/api/metrics?run_id={run.pk}").json()["items"]
    values = {m["name"]: m["value"] for m in found}
    assert len(found) == len(values)
    assert values["run_duration_seconds"] == 90
    assert (values["tokens_in"], values["model_calls"], values["cost_usd"], values["tests_passed"]) == (1200, 4, 0.012, 3)
    assert owner.api.get(f"/api/metrics/{found[0]['id']}").json() == found[0]
    event = Event.objects.for_workspace(owner.workspace.pk).filter(type="metrics_updated").last()
    assert event.data["counters"]["runs_completed"] == 1


def test_an_unknown_price_leaves_no_cost(owner: CallerInTests) -> None:
    run = finished(owner)
    run.usage |= {"cost_usd": None}
    run_finished.send(sender=type(run), run=run)
    assert owner.api.get(f"/api/metrics?run_id={run.pk}&name=cost_usd").json()["items"] == []


def test_a_summary_is_computed_from_all_values(owner: CallerInTests, stranger: CallerInTests) -> None:
    task = uuid4()
    for n in range(1, 102):
        snapshot(owner, n, NOW + timedelta(minutes=n), task_id=task)
    snapshot(stranger, 9999)
    path = "/api/metrics/workspace/summary?from=2026-03-01&to=2026-04-01"
    summary = owner.api.get(path).json()
    assert summary == {
        "run_duration_seconds": {"count": 101, "min": 1.0, "max": 101.0, "avg": 51.0, "p50": 51.0, "p95": 96.0, "last": 101.0}
    }
    by_hour = owner.api.get(f"{path}&bucket=hour").json()["run_duration_seconds"]["buckets"]
    assert [(b["start"], b["count"]) for b in by_hour] == [("2026-03-10T12:00:00Z", 59), ("2026-03-10T13:00:00Z", 42)]


def test_summaries_of_a_run_and_its_task(owner: CallerInTests) -> None:
    run = finished(owner)
    run_finished.send(sender=type(run), run=run)
    for path in (f"run/{run.pk}", f"task/{run.task_id}"):
        assert owner.api.get(f"/api/metrics/{path}/summary").json()["tokens_out"]["last"] == 300
    assert owner.api.get(f"/api/metrics/run/{uuid4()}/summary").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "from=x",
        "to=2026-02-30",
        "bucket=second",
        "from=2026-02-01&to=2026-01-01",
        "from=1000-01-01&bucket=hour",
        "form=1",
        "to=0001-01-01",
    ],
)
def test_a_period_that_is_none_is_refused(owner: CallerInTests, query: str) -> None:
    assert owner.api.get(f"/api/metrics/workspace/summary?{query}").status_code == 400
    assert owner.api.get(f"/api/workspaces/{owner.workspace.pk}/usage?{query}").status_code == 400


def test_usage_sums_the_ledger_and_says_what_has_no_price(owner: CallerInTests, stranger: CallerInTests) -> None:
    run_id = uuid4()

    def call(key: str, caller: CallerInTests = owner, **fields: Any) -> None:
        LedgerEntry.objects.create(
            workspace=caller.workspace, project_id=uuid4(), run_id=run_id, step_key=key, reserved_tokens=100, **fields
        )

    settled = {"settled_at": timezone.now(), "tokens_in": 10, "tokens_out": 5}
    call("a", cost_usd=Decimal("0.5"), **settled)
    call("b", cost_usd=None, **settled)
    call("c")
    call("d", stranger, cost_usd=Decimal(9), **settled)
    usage = owner.api.get(f"/api/workspaces/{owner.workspace.pk}/usage").json()
    totals = {
        "tokens_in": 20, "tokens_out": 10, "reserved_tokens": 100, "calls": 3, "cached_calls": 0, "unpriced_calls": 1,
        "runs": 1, "cost_usd": "0.500000",
    }  # fmt: skip
    assert usage["totals"] == totals
    assert {k: v for k, v in usage["buckets"][0].items() if k != "start"} == totals


def test_prometheus_tells_counts_and_no_tenant(owner: CallerInTests, settings: Any) -> None:
    finished(owner)
    api = Api()
    api.get("/health/live")
    page = api.get("/metrics").content.decode()
    assert 'mgx_runs{status="completed"} 1.0' in page
    assert 'mgx_http_requests_total{method="GET",route="health/live",status="200"}' in page
    assert owner.workspace.slug not in page
    assert str(owner.workspace.pk) not in page


def test_prometheus_is_for_this_machine_or_who_has_the_token(settings: Any) -> None:
    api = Api()
    assert api.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    settings.MGX_METRICS_TOKEN = "scrape-me"
    assert api.get("/metrics").status_code == 403
    assert api.get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer scrape-me"}).status_code == 200


def test_prometheus_reads_each_process_by_its_address(settings: Any) -> None:
    """Of a container or pod, which changes and stands in no list of hosts. Without the token the name still counts."""
    client, by_address = Client(), {"Host": "172.30.251.4:8000"}
    assert client.get("/metrics", headers=by_address).status_code == 400
    settings.MGX_METRICS_TOKEN = "scrape-me"
    assert client.get("/metrics", headers=by_address | {"Authorization": "Bearer another"}).status_code == 400
    page = client.get("/metrics", headers=by_address | {"Authorization": "Bearer scrape-me"})
    assert (page.status_code, b"\nmgx_workers " in page.content) == (200, True)
    again = client.get("/metrics", headers=by_address | {"Authorization": "Bearer scrape-me"}).content.decode()
    assert 'mgx_http_requests_total{method="GET",route="metrics",status="200"}' in again
    assert client.get("/api/stacks", headers=by_address | {"Authorization": "Bearer scrape-me"}).status_code == 400


async def test_a_proxy_on_this_machine_opens_prometheus_to_nobody() -> None:
    """As the server is started: what comes by a proxy that the operator did not name comes from loopback."""
    transport = httpx.ASGITransport(application, client=("127.0.0.1", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})).status_code == 403


def test_the_age_of_the_queue_is_that_of_the_run_which_waits_longest(owner: CallerInTests) -> None:
    api = Api()
    assert "\nmgx_queue_age_seconds 0.0\n" in api.get("/metrics").content.decode()
    for status, minutes in (("queued", 1), ("queued", 5), ("executing", 60)):
        run = TaskRunFactory(workspace=owner.workspace, status=status)
        type(run).objects.for_workspace(owner.workspace.pk).filter(pk=run.pk).update(
            created_at=Now() - timedelta(minutes=minutes)
        )
    page = api.get("/metrics").content.decode()
    [age] = [float(line.split()[1]) for line in page.splitlines() if line.startswith("mgx_queue_age_seconds ")]
    assert 300 <= age < 360
