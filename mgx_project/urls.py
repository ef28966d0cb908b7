"""Every HTTP path. WebSocket paths are in `routing.py`. Paths have no trailing slash; one that a client sends is dropped."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.renderers import TemplateHTMLRenderer

from metrics.prometheus import scrape
from workspaces.views.unlock import unlock

from . import health

api: list[URLPattern | URLResolver] = [
    path("", include("workspaces.urls")),
    path("", include("projects.urls")),
    path("", include("tasks.urls")),
    path("", include("repositories.urls")),
    path("", include("metrics.urls")),
    path("", include("runs.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("runs.web.urls")),
    path("", include("workspaces.web.urls")),
    path("api/", include(api)),
    path("health", health.ready, name="health"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("health/status", health.StatusView.as_view(), name="health-status"),
    path("metrics", scrape, name="prometheus"),
    path("openapi.json", SpectacularAPIView.as_view(renderer_classes=[OpenApiJsonRenderer2]), name="openapi"),
    path("docs", SpectacularSwaggerView.as_view(url_name="openapi", renderer_classes=[TemplateHTMLRenderer]), name="docs"),
    path("unlock", unlock, name="unlock"),
    path("admin/", admin.site.urls),
]

handler400 = "mgx_project.common.problems.bad_request"
handler403 = "mgx_project.common.problems.forbidden"
handler404 = "mgx_project.common.problems.not_found"
handler500 = "mgx_project.common.problems.server_error"
