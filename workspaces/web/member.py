"""Who looks at a page: a person with a session, and the workspaces that their sign-in counts in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.http import HttpRequest

from mgx_project.common import tenant_wall
from mgx_project.common.errors import NotFound

from ..models import Membership, Role, User, Workspace
from ..principal import Principal, sign_in_counts
from ..receivers import SIGNED_IN_AT

CHOSEN = "workspace"
"""Session key: the id of the workspace that the person chose last."""


@dataclass(frozen=True)
class WebMember:
    """``memberships`` are ordered by the workspace's name, each with its workspace."""

    user: User
    memberships: tuple[Membership, ...]
    chosen: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> WebMember:
        """The person of a session, to whose workspaces' rows this opens the database. One query."""
        user = request.user
        assert isinstance(user, User)
        at = request.session.get(SIGNED_IN_AT)
        signed_in_at = datetime.fromisoformat(at) if at else None
        rows = Membership.objects.filter(user=user).select_related("workspace").order_by("workspace__name", "workspace__slug")
        with tenant_wall.across_tenants():
            counted = tuple(row for row in rows if sign_in_counts(row, signed_in_at))
        tenant_wall.enter(*(row.workspace_id for row in counted))
        return cls(user, counted, str(request.session.get(CHOSEN, "")))

    @cached_property
    def workspaces(self) -> dict[uuid.UUID, Workspace]:
        return {each.workspace_id: each.workspace for each in self.memberships}

    @property
    def current(self) -> Workspace | None:
        """The chosen workspace, or else the first; None: the person has none."""
        first = next(iter(self.workspaces.values()), None)
        return next((each for pk, each in self.workspaces.items() if str(pk) == self.chosen), first)

    def principal(self, workspace_id: uuid.UUID | None) -> Principal:
        """The person in that workspace. Raises NotFound if they are not a member of it."""
        for each in self.memberships:
            if each.workspace_id == workspace_id:
                return Principal(
                    user=self.user, workspace_id=each.workspace_id, role=Role(each.role), limits=each.workspace.limits
                )
        raise NotFound("This does not exist or you do not have access to it.")
