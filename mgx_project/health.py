"""`/health/…`: liveness, readiness, and (staff only) details."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from metrics.queues import queue_depths

from . import probes
from .common.living_workers import workers_seen
from .common.rendering import dumps


async def live(request: HttpRequest) -> HttpResponse:
    """Liveness: the process answers. Nothing else is checked."""
    return _json({"status": "ok"})


async def ready(request: HttpRequest) -> HttpResponse:
    """Readiness: 200 if everything that a request may need works, otherwise 503."""
    checks = await probes.run_all()
    good = all(check["status"] == "ok" for check in checks.values())
    return _json({"status": "ok" if good else "unavailable", "checks": checks}, status=200 if good else 503)


def _json(body: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(dumps(body), status=status, content_type="application/json", headers={"Cache-Control": "no-store"})


class StatusView(APIView):
    """For operators: version, unapplied migrations, queue depth, and living workers with their sandbox and programs."""

    permission_classes = (IsAdminUser,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        return Response(
            {
                "version": settings.MGX_VERSION,
                "environment": settings.MGX_ENV,
                "migrations": {"unapplied": [f"{migration.app_label}.{migration.name}" for migration, _ in missing]},
                "workers": workers_seen(),
                "queues": queue_depths(),
            }
        )
