"""For the scripts that run beside the server on its own database: Django, and the workspace of the embedded server."""

from __future__ import annotations

import os
from typing import Any

import django


def workspace() -> Any:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mgx_project.settings")
    django.setup()
    from workspaces.models import Workspace

    return Workspace.objects.get(slug="local")
