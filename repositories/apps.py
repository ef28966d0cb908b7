from __future__ import annotations

import logging

from django.apps import AppConfig
from django.conf import settings


class RepositoriesConfig(AppConfig):
    name = "repositories"

    def ready(self) -> None:
        from mgx_project.common.egress_policy import check_networks

        from .git.address import check_git_settings

        check_networks(settings.MGX_ALLOWED_NETWORKS)
        check_git_settings(settings.MGX_GIT_HOSTS, settings.MGX_GIT_SCHEMES)
        if settings.MGX_GITHUB_PAT and settings.MGX_ENV != "embedded":
            logging.getLogger(__name__).warning(
                "GITHUB_PAT is ignored: one person's token must not serve every tenant. Give each link its own credential, or "
                "set up the GitHub App (GITHUB_APP_ID)."
            )
