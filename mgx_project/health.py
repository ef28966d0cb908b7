"""`/health/…`: is the process alive, can it work, and (staff only) what does it see."""

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

from metrics.workers import queue_depths, workers_seen

from . import probes
from .common.rendering import dumps


async def live(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return _json({"status": "ok"})


async def ready(request: HttpRequest) -> HttpResponse:
    """200 when everything that a request may need works, else 503."""
    checks = await probes.run_all()
    good = all(check["status"] == "ok" for check in checks.values())
    return _json({"status": "ok" if good else "unavailable", "checks": checks}, status=200 if good else 503)


def _json(body: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(dumps(body), status=status, content_type="application/json", headers={"Cache-Control": "no-store"})


class StatusView(APIView):
    """For operators: version, migrations that are not applied, workers seen, queue depth."""

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
