"""The addresses that hosting services deliver to, of each provider the same."""

from __future__ import annotations

from django.urls import URLPattern, path

from ..hosting.provider import HostingProvider
from .views import AppWebhookView, LinkWebhookView, view_of


def webhook_paths(provider: HostingProvider) -> list[URLPattern]:
    name = provider.name
    paths = [path(f"webhooks/{name}/<uuid:link_id>", view_of(provider, LinkWebhookView), name=f"{name}-webhook")]
    if provider.app is not None:
        paths.append(path(f"webhooks/{name}", view_of(provider, AppWebhookView), name=f"{name}-app-webhook"))
    return paths
