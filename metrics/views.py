"""Endpoints for measured values and their summaries."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common.errors import NotFound
from mgx_project.common.routers import UUID
from mgx_project.common.time_ranges import BUCKETS, read_period
from runs.models import TaskRun
from tasks.models import Task
from workspaces.viewsets import TenantViewSet

from .filters import MetricFilter
from .models import MetricSnapshot
from .serializers import MetricRow, Summaries
from .summaries import summary


class MetricViewSet(TenantViewSet):
    """Measured values of finished runs, and their summaries."""

    model = MetricSnapshot
    rows = MetricRow
    filterset_class = MetricFilter
    ordering_fields = ("timestamp", "created_at")

    @extend_schema(parameters=[OpenApiParameter("task_id", OpenApiTypes.UUID, "path")], responses=Summaries)
    @action(detail=False, url_path=f"task/(?P<task_id>{UUID})/summary")
    def task_summary(self, request: Request, task_id: str) -> Response:
        """Over all finished runs of a task."""
        if not Task.objects.for_workspace(self.principal.workspace_id).filter(pk=task_id).exists():
            raise NotFound("This task does not exist or you do not have access to it.")
        return Response(summary(self.get_queryset().filter(task_id=task_id)))

    @extend_schema(parameters=[OpenApiParameter("run_id", OpenApiTypes.UUID, "path")], responses=Summaries)
    @action(detail=False, url_path=f"run/(?P<run_id>{UUID})/summary")
    def run_summary(self, request: Request, run_id: str) -> Response:
        """Of one run; empty until it has ended."""
        if not TaskRun.objects.for_workspace(self.principal.workspace_id).filter(pk=run_id).exists():
            raise NotFound("This run does not exist or you do not have access to it.")
        return Response(summary(self.get_queryset().filter(run_id=run_id)))

    @extend_schema(
        parameters=[
            OpenApiParameter("from", str, description="Date or RFC 3339 time. Default: 30 days before `to`."),
            OpenApiParameter("to", str, description="Date or RFC 3339 time, exclusive. Default: now."),
            OpenApiParameter(
                "bucket", str, enum=list(BUCKETS), description="Also return one summary per interval of this size."
            ),
        ],
        responses=Summaries,
    )
    @action(detail=False, url_path="workspace/summary")
    def workspace_summary(self, request: Request) -> Response:
        """Over all runs of the workspace that ended in a period."""
        period = read_period(request.query_params)
        snapshots = self.get_queryset().filter(timestamp__gte=period.since, timestamp__lt=period.until)
        return Response(summary(snapshots, bucket=period.bucket))
