"""Permission classes of REST framework: the role that an endpoint requires."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from mgx_project.common import tenant_wall

from .models import Role
from .request_principal import resolve_principal


class HasRole(BasePermission):
    """A member of the request's workspace whose role allows the action: that of the view's ``roles``, else viewer for reads and
    developer for writes. It sets ``view.principal``."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Always true; otherwise it raises NotFound, BadRequest or NotAllowed, which say what to do next."""
        view.principal = resolve_principal(request, view.kwargs.get(view.workspace_url_kwarg))
        tenant_wall.enter(view.principal.workspace_id)
        row = {f"{view.basename}_id": view.kwargs["pk"]} if "pk" in view.kwargs else {}
        bind_contextvars(**(row | {"workspace_id": view.principal.workspace_id}))
        # OPTIONS describes what a POST takes, for which DRF asks again with the method POST
        reads = request.method in SAFE_METHODS or view.action == "metadata"
        view.principal.require(view.roles.get(view.action or "", Role.VIEWER if reads else Role.DEVELOPER))
        return True
