"""`/ws/repositories/{id}`: what happens to one repository."""

from __future__ import annotations

from workspaces.consumers_base import ObjectStream

from .models import RepositoryLink


class RepositoryStream(ObjectStream):
    model = RepositoryLink
    kind = "repository"
