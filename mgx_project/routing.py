"""WebSocket paths."""

from __future__ import annotations

from channels.routing import URLRouter
from django.urls import path, re_path

from metrics.consumers import MetricsStream
from projects.consumers import ProjectStream
from repositories.consumers import RepositoryStream
from runs.consumers import RunStream
from tasks.consumers import TaskStream
from workspaces.consumers import NotFoundConsumer, WorkspaceStream

websockets = URLRouter(
    [
        path(f"ws/{name}{end}", stream.as_asgi())
        for name, stream in [
            ("stream", WorkspaceStream),
            ("metrics", MetricsStream),
            ("runs/<uuid:pk>", RunStream),
            ("tasks/<uuid:pk>", TaskStream),
            ("projects/<uuid:pk>", ProjectStream),
            ("repositories/<uuid:pk>", RepositoryStream),
        ]
        for end in ("", "/")
    ]
    + [re_path("", NotFoundConsumer.as_asgi())]
)
