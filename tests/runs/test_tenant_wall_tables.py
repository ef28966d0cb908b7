"""Every table with a tenant, without a filter of the application: what one tenant reads, changes and adds of another's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.backends.utils import CursorWrapper

from mgx_project.common import clock, tenant_wall
from tests.factories import WorkspaceFactory
from workspaces.models import Workspace

MODELS = {
    model._meta.db_table: model
    for model in apps.get_models()
    if model is Workspace or any(field.column == "workspace_id" for field in model._meta.local_fields)
}
APPEND_ONLY = {"audit_entries"}
SAMPLES: dict[type[models.Field[Any, Any]], Any] = {
    models.BooleanField: False,
    models.DateTimeField: clock.now(),
    models.DateField: clock.now().date(),
    models.IntegerField: 1,
    models.DecimalField: 1,
    models.FloatField: 1.0,
    models.JSONField: {},
    models.BinaryField: b"",
}


def column_of(model: type[models.Model]) -> str:
    return "id" if model is Workspace else "workspace_id"


def sample(field: models.Field[Any, Any]) -> Any:
    """A value that the column takes; of a reference, one to nothing, which PostgreSQL checks only at the end."""
    if isinstance(field, models.ForeignKey):
        return sample(field.target_field)
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    for kind, value in SAMPLES.items():
        if isinstance(field, kind):
            return value
    return uuid.uuid4().hex[: getattr(field, "max_length", None) or 32]


def needs_value(field: models.Field[Any, Any]) -> bool:
    made = isinstance(field, (models.AutoField, models.GeneratedField))
    return not field.null and not field.has_default() and not made


def row_of(model: type[models.Model], workspace_id: uuid.UUID) -> dict[str, Any]:
    """Column and value of all that has no default."""
    if model is Workspace:
        return {"id": workspace_id, "name": "w", "slug": uuid.uuid4().hex}
    values: dict[str, Any] = {}
    for field in model._meta.local_concrete_fields:
        if field.column == "workspace_id":
            values[field.attname] = workspace_id
        elif needs_value(field):
            values[field.attname] = sample(field)
    return values


def add(model: type[models.Model], workspace_id: uuid.UUID) -> models.Model:
    row = model(**row_of(model, workspace_id))
    model._base_manager.bulk_create([row])
    return row


@dataclass(frozen=True)
class Both:
    model: type[models.Model]
    mine: uuid.UUID
    theirs: uuid.UUID

    @property
    def table(self) -> str:
        return connection.ops.quote_name(self.model._meta.db_table)

    @property
    def column(self) -> str:
        return column_of(self.model)

    def sql(self, statement: str, *parameters: Any) -> CursorWrapper:
        cursor = connection.cursor()
        cursor.execute(statement.format(t=self.table, c=self.column), parameters)
        return cursor

    def seen(self) -> set[uuid.UUID]:
        return {row[0] for row in self.sql("SELECT {c} FROM {t} WHERE {c} IS NOT NULL").fetchall()}


@contextmanager
def undone() -> Iterator[None]:
    """References to nothing are gone before anything checks them."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(params=sorted(MODELS))
def both(request: pytest.FixtureRequest, db: None) -> Iterator[Both]:
    """A row of each of two tenants in the table."""
    model = MODELS[request.param]
    with undone():
        if model is Workspace:
            mine, theirs = WorkspaceFactory().pk, WorkspaceFactory().pk
        else:
            mine, theirs = uuid.uuid4(), uuid.uuid4()
            add(model, mine)
            add(model, theirs)
        yield Both(model, mine, theirs)


def test_all_tables_are_tested() -> None:
    assert len(MODELS) >= 28


def test_a_tenant_reads_its_own_rows(both: Both) -> None:
    with tenant_wall.within(both.mine):
        assert both.seen() == {both.mine}
        assert both.model._base_manager.count() == both.sql("SELECT count(*) FROM {t}").fetchone()[0] == 1
        assert both.sql("SELECT count(*) FROM {t} WHERE {c} = %s", both.theirs).fetchone() == (0,)
        assert both.sql("SELECT count(*) FROM {t} a JOIN {t} b ON a.{c} <> b.{c}").fetchone() == (0,)
        assert both.sql("SELECT (SELECT count(*) FROM {t} WHERE {c} <> %s)", both.mine).fetchone() == (0,)
        assert both.sql("WITH all_of AS (SELECT * FROM {t}) SELECT count(*) FROM all_of UNION ALL SELECT 1").fetchall() == [
            (1,),
            (1,),
        ]


def test_several_tenants_none_and_all(both: Both) -> None:
    with tenant_wall.within(both.mine, both.theirs):
        assert both.seen() == {both.mine, both.theirs}
    with tenant_wall.within():
        assert both.seen() == set()
    with tenant_wall.across_tenants():
        assert both.seen() >= {both.mine, both.theirs}
    assert both.seen() >= {both.mine, both.theirs}, "as who signed in: what the release before does"


@pytest.mark.parametrize("statement", ["UPDATE {t} SET {c} = {c}", "DELETE FROM {t}"])
@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
@pytest.mark.django_db
def test_a_tenant_has_no_right_to_change_an_append_only_table(table: str, statement: str) -> None:
    asked = statement.format(t=table, c="workspace_id")
    with tenant_wall.within(uuid.uuid4()), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(asked)


@pytest.mark.parametrize("both", sorted(set(MODELS) - APPEND_ONLY), indirect=True)
def test_a_tenant_changes_and_deletes_nothing_of_another(both: Both) -> None:
    with tenant_wall.within(both.mine):
        assert both.sql("UPDATE {t} SET {c} = {c} WHERE {c} = %s", both.theirs).rowcount == 0
        assert both.sql("UPDATE {t} SET {c} = {c}").rowcount == 1
        assert both.sql("DELETE FROM {t} WHERE {c} = %s", both.theirs).rowcount == 0
        assert both.sql("SELECT count(*) FROM (SELECT 1 FROM {t} FOR UPDATE) AS locked").fetchone() == (1,)
    with tenant_wall.across_tenants():
        assert both.seen() >= {both.mine, both.theirs}


def test_a_tenant_gives_no_row_to_another(both: Both) -> None:
    with tenant_wall.within(both.mine):
        changed = "permission denied" if both.model._meta.db_table in APPEND_ONLY else "row-level security"
        with pytest.raises(DatabaseError, match=changed), transaction.atomic():
            both.sql("UPDATE {t} SET {c} = %s", uuid.uuid4() if both.model is Workspace else both.theirs)
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            add(both.model, uuid.uuid4())
        assert both.seen() == {both.mine}
