"""The database's own wall: what a statement without any filter finds, changes and adds, on every table with a tenant."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from mgx_project.common import tenant_wall
from runs.models import TaskRun
from workspaces.models import Workspace

from .conftest import Tenant, make_tenant

TABLES = {
    model._meta.db_table: "workspace_id" if model is not Workspace else "id"
    for model in apps.get_models()
    if model is Workspace or any(field.column == "workspace_id" for field in model._meta.local_fields)
}


def all_of(table: str, column: str) -> set[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column} FROM {table}")
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.django_db
def test_every_table_with_a_tenant_has_both_policies_and_binds_its_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, array_agg(polname::text ORDER BY polname) FROM pg_policy JOIN pg_class c ON c.oid = polrelid"
            " WHERE relrowsecurity AND relforcerowsecurity GROUP BY 1"
        )
        found = dict(cursor.fetchall())
    assert found == {table: ["all_rows", "own_rows"] for table in TABLES}


def test_the_wall_stands_without_a_filter(tenant: Tenant) -> None:
    other = make_tenant("other")
    mine, theirs = tenant.run(), other.run()
    with tenant_wall.within(tenant.workspace.pk):
        assert set(TaskRun.across_tenants.values_list("pk", flat=True)) == {mine.pk}
        assert all_of("workspaces", "id") == {tenant.workspace.pk}
        assert TaskRun.across_tenants.filter(pk=theirs.pk).update(last_seq=9) == 0
        assert TaskRun.across_tenants.filter(pk=theirs.pk).delete()[0] == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            TaskRun.across_tenants.filter(pk=mine.pk).update(workspace_id=other.workspace.pk)
    with tenant_wall.within(tenant.workspace.pk, other.workspace.pk):
        assert all_of("task_runs", "workspace_id") == {tenant.workspace.pk, other.workspace.pk}
    with tenant_wall.within():
        assert not TaskRun.across_tenants.exists()
    with tenant_wall.across_tenants():
        assert TaskRun.across_tenants.count() == 2


def test_what_is_seen_changes_within_a_transaction_and_back(tenant: Tenant) -> None:
    other = make_tenant("other")
    with transaction.atomic(), tenant_wall.within(tenant.workspace.pk):
        assert all_of("workspaces", "id") == {tenant.workspace.pk}
        with tenant_wall.across_tenants():
            assert all_of("workspaces", "id") >= {tenant.workspace.pk, other.workspace.pk}
        with pytest.raises(RuntimeError), transaction.atomic(), tenant_wall.within(other.workspace.pk):
            assert all_of("workspaces", "id") == {other.workspace.pk}
            raise RuntimeError  # the savepoint's rollback takes back what was set since
        assert all_of("workspaces", "id") == {tenant.workspace.pk}
        with pytest.raises(DatabaseError), transaction.atomic(), tenant_wall.within(other.workspace.pk):
            all_of("no_table", "id")
        assert all_of("workspaces", "id") == {tenant.workspace.pk}
    assert all_of("workspaces", "id") >= {tenant.workspace.pk, other.workspace.pk}


def test_without_a_transaction_it_lasts_one_statement(tenant: Tenant) -> None:
    other = make_tenant("other")
    for one in (tenant, other):
        with tenant_wall.within(one.workspace.pk):
            assert all_of("workspaces", "id") == {one.workspace.pk}
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting(%s, true)", [tenant_wall.SETTING])
        role, workspaces = cursor.fetchone()
    assert role == connection.settings_dict["USER"] and workspaces in (None, "")


def test_only_ids_are_put_into_a_statement() -> None:
    with pytest.raises(ValueError, match="badly formed"):
        tenant_wall.enter("{}'; DROP TABLE tasks; --")
    with tenant_wall.within(uuid.UUID(int=1)):
        view = tenant_wall.current()
    assert view and view.workspaces == "{00000000-0000-0000-0000-000000000001}"


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_stranger_adds_nothing(table: str, tenant: Tenant) -> None:
    model: type[Model] = next(each for each in apps.get_models() if each._meta.db_table == table)
    with tenant_wall.within(uuid.uuid4()), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")
        assert cursor.fetchone() == (0,)
