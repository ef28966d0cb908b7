"""Base models. `objects.for_workspace(id)` is the only default query entry point; `across_tenants` is the explicit other."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import sql

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


def _require_named(model: type[models.Model]) -> None:
    if not tenant_wall.is_named():
        raise UnscopedRead(
            f"{model.__name__}: say whose rows by objects.for_workspace(id), or by across_tenants that those of all are meant."
        )


class RefusingQuery(sql.Query):
    def get_compiler(self, *args: Any, **options: Any) -> Any:
        """Asked for by whatever becomes a statement, and by no queryset that is only held ready, as by a filter or a form."""
        assert self.model is not None
        _require_named(self.model)
        return super().get_compiler(*args, **options)


class RefusingQuerySet(models.QuerySet[Any]):
    def __init__(self, model: Any = None, query: Any = None, **options: Any) -> None:
        super().__init__(model, query or RefusingQuery(model), **options)

    def update(self, **changes: Any) -> int:
        _require_named(self.model)
        return super().update(**changes)

    def delete(self) -> tuple[int, dict[str, int]]:
        _require_named(self.model)
        return super().delete()


class RefusingManager(models.Manager[Any]):
    """Django's default manager of what has a tenant: libraries and the admin read by it. Its querysets raise UnscopedRead where
    nobody has said whose rows the context may see (`tenant_wall`); rows that belong to another row are that one's."""

    def get_queryset(self) -> models.QuerySet[Any]:
        if hasattr(self, "instance"):  # which Django's related managers have
            return super().get_queryset()
        return RefusingQuerySet(self.model, using=self._db, hints=self._hints)  # type: ignore[attr-defined]


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
