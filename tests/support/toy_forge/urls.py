"""The server's paths, and those that `repositories/urls.py` would have with the toy's line in the registry."""

from __future__ import annotations

from django.urls import include, path

from mgx_project.urls import handler400, handler403, handler404, handler500
from mgx_project.urls import urlpatterns as ours
from repositories.webhooks.urls import webhook_paths

from .provider import TOY

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
urlpatterns = [*ours, path("api/", include(webhook_paths(TOY)))]
