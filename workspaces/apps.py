from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WorkspacesConfig(AppConfig):
    name = "workspaces"

    def ready(self) -> None:
        from . import receivers  # noqa: F401  (they register themselves)

        autodiscover_modules("events")  # each application's event types (event_registry)
