"""`/metrics`: state read at scrape time, HTTP counters of this process. No tenant, user or path appears in a label."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from hmac import compare_digest

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, Min
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, Metric, generate_latest
from prometheus_client.core import CollectorRegistry, GaugeMetricFamily

from mgx_project.common import tenant_wall
from mgx_project.common.http_metrics import registry as http_registry
from mgx_project.common.living_workers import without_sandbox, workers_seen
from mgx_project.common.problems import CONTENT_TYPE, problem
from mgx_project.common.rendering import dumps
from runs.models import TaskRun
from runs.models.run_state import Status
from workspaces.meters import month_of
from workspaces.relay import lag
from workspaces.server_budget import used_shares

from .queues import queue_depths

PATH = "/metrics"


class StateCollector:
    """Runs by status, queue depth and workers, over all tenants."""

    def collect(self) -> Iterator[Metric]:
        runs = GaugeMetricFamily("mgx_runs", "Runs by status.", labels=["status"])
        found = dict(TaskRun.across_tenants.values_list("status").annotate(n=Count("id")))
        for status in Status:
            runs.add_metric([status.value], found.get(status.value, 0))
        yield runs
        queues = GaugeMetricFamily("mgx_queue_depth", "Messages waiting or in progress.", labels=["queue"])
        for name, depth in queue_depths().items():
            queues.add_metric([name], depth)
        yield queues
        age_text = "Seconds that the run which waits longest for its first worker has waited; 0: none waits."
        yield GaugeMetricFamily("mgx_queue_age_seconds", age_text, value=_longest_wait())
        workers = workers_seen()
        yield GaugeMetricFamily("mgx_workers", "Workers that sent a heartbeat within the last seconds.", value=len(workers))
        closed_text = "Those of them that can't open a sandbox, so that runs pause there."
        yield GaugeMetricFamily("mgx_workers_without_sandbox", closed_text, value=len(without_sandbox(workers)))
        if settings.KAFKA_BOOTSTRAP_SERVERS:
            late = lag(settings.KAFKA_TOPIC)
            yield GaugeMetricFamily("mgx_relay_lag_events", "Events that are not on Kafka yet.", value=late.events)
            yield GaugeMetricFamily("mgx_relay_lag_seconds", "Age of the oldest of them.", value=late.seconds)
        help_text = "Share of this month's server budget for its own models that is spent or reserved; 1 means all of it."
        budget = GaugeMetricFamily("mgx_server_budget_used_ratio", help_text, labels=["unit"])
        for unit, share in used_shares(month_of()).items():
            budget.add_metric([unit], share)
        yield budget


def _longest_wait() -> float:
    """By the database's clock."""
    age = ExpressionWrapper(Now() - Min("created_at"), output_field=DurationField())
    found = TaskRun.across_tenants.filter(status=Status.QUEUED).aggregate(age=age)["age"]
    return found.total_seconds() if found else 0.0


@require_safe
def scrape(request: HttpRequest) -> HttpResponse:
    """If MGX_METRICS_TOKEN is set, that bearer token is required; otherwise only loopback clients are allowed."""
    if not _allowed(request):
        detail = "Send MGX_METRICS_TOKEN as a bearer token. If it is not set, metrics can only be read from this machine."
        return HttpResponse(dumps(problem(403, "not_allowed", detail)), status=403, content_type=CONTENT_TYPE)
    state = CollectorRegistry()
    state.register(StateCollector())
    with tenant_wall.across_tenants():
        states = generate_latest(state)
    return HttpResponse(states + generate_latest(http_registry), content_type=CONTENT_TYPE_LATEST)


def shows_token(request: HttpRequest) -> bool:
    """Whether the request carries MGX_METRICS_TOKEN, and there is one."""
    if not settings.MGX_METRICS_TOKEN:
        return False
    return compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {settings.MGX_METRICS_TOKEN}".encode())


def _allowed(request: HttpRequest) -> bool:
    if settings.MGX_METRICS_TOKEN:
        return shows_token(request)
    if getattr(request, "scope", {}).get("forwarded_by_stranger"):
        return False  # a proxy on this machine is on loopback, and the client behind it need not be
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
