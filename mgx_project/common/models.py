"""Base models. `objects.for_workspace(id)` is the only default query entry point; `across_tenants` is the explicit other."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from . import tenant_wall
from .fields import MomentField
from .ids import uuid7


class Entity(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = MomentField(auto_now_add=True)

    class Meta:
        abstract = True


class UnscopedRead(RuntimeError):
    """Nobody said whose rows are meant."""


class RefusingManager(models.Manager[Any]):
    """Django's default manager of what has a tenant: libraries and the admin read by it. Raises UnscopedRead where nobody has
    said whose rows the context may see (`tenant_wall`); the rows that belong to another row are that one's."""

    def get_queryset(self) -> models.QuerySet[Any]:
        if not tenant_wall.is_named() and not hasattr(self, "instance"):  # which Django's related managers have
            raise UnscopedRead(
                f"{self.model.__name__}: say whose rows by objects.for_workspace(id), or by across_tenants that all are meant."
            )
        return super().get_queryset()


class ScopedManager:
    def __init__(self, model: type[TenantModel]) -> None:
        self.model = model

    def for_workspace(self, workspace_id: uuid.UUID | str) -> Any:
        """The rows of one tenant, as the model's own queryset class."""
        return self.model.across_tenants.filter(workspace_id=workspace_id)

    def none(self) -> Any:
        return self.model.across_tenants.none()

    def create(self, **fields: Any) -> Any:
        """A new row; without a workspace the database refuses it (NOT NULL)."""
        return self.model.across_tenants.create(**fields)


class TenantManager:
    """`Model.objects`: only `for_workspace(id)`, `none()` and `create()`. `Model.across_tenants` crosses tenants."""

    def __get__(self, instance: object, owner: type[TenantModel]) -> ScopedManager:
        return ScopedManager(owner)


class TenantModel(Entity):
    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="+")

    any_named: Any = RefusingManager()
    across_tenants: Any = models.Manager()
    objects = TenantManager()

    class Meta:
        abstract = True
