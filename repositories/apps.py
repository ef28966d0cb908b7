from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class RepositoriesConfig(AppConfig):
    name = "repositories"

    def ready(self) -> None:
        from mgx_project.common.egress_policy import check_networks

        from .git.address import check_git_settings
        from .hosting.registry import PROVIDERS

        check_networks(settings.MGX_ALLOWED_NETWORKS)
        check_git_settings(settings.MGX_GIT_HOSTS, settings.MGX_GIT_SCHEMES)
        for provider in PROVIDERS.values():
            provider.check_settings()
