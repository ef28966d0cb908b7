"""`/ws/repositories/{id}`: what happens to one repository."""

from __future__ import annotations

from workspaces.stream import ObjectStream

from .models import RepositoryLink


class RepositoryStream(ObjectStream):
    model = RepositoryLink
    kind = "repository"
