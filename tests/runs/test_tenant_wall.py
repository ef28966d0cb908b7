"""The database's own wall: what a statement without any filter finds, changes and adds, on every table with a tenant."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, NotSupportedError, connection, transaction
from django.db.models import Max
from django.test.utils import CaptureQueriesContext

from mgx_project.common import tenant_wall
from mgx_project.common.async_db import run_db
from mgx_project.common.models import RefusingManager, TenantManager, TenantModel, UnscopedRead
from mgx_project.tenant_database.base import WalledCursor
from runs.models import TaskRun
from tasks.models import Task
from workspaces.models import Departure, Membership, Workspace

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


def test_the_default_manager_refuses_where_nobody_said_whose_rows(tenant: Tenant) -> None:
    run, rows = tenant.run(), TaskRun._default_manager.filter(last_seq__gte=0)
    acts: list[Callable[[], object]] = [
        lambda: list(rows), rows.count, rows.exists, rows.first, rows.delete, lambda: rows.update(last_seq=1),
        lambda: list(TaskRun._default_manager.values_list("pk")), lambda: TaskRun._default_manager.aggregate(Max("last_seq")),
        lambda: list(Task.across_tenants.filter(runs__in=rows)), lambda: list(rows.union(rows)),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(UnscopedRead, match="TaskRun: say whose rows"):
            act()
        with tenant_wall.within(), pytest.raises(UnscopedRead):
            act()
    assert list(run.task.runs.all()) == [run], "what belongs to a row is that row's"
    with tenant_wall.within(tenant.workspace.pk):
        assert list(rows) == [run]
    with tenant_wall.across_tenants():
        assert rows.count() == 1


def test_all_that_have_a_tenant_have_its_managers() -> None:
    models = [model for model in apps.get_models() if any(f.column == "workspace_id" for f in model._meta.local_fields)]
    others = {model.__name__ for model in models if not issubclass(model, TenantModel)}
    assert others == {"Membership", "Departure"}, "who belongs to which tenants is asked before a tenant is known"
    for model in set(models) - {Membership, Departure}:
        assert isinstance(model._default_manager, RefusingManager)
        assert isinstance(model.__dict__.get("objects", TenantModel.__dict__["objects"]), TenantManager)


@pytest.mark.django_db
def test_statements_that_could_not_say_whose_rows_are_refused() -> None:
    with connection.cursor() as cursor:
        for act in (
            lambda: cursor.executemany("SELECT %s", [[1]]),
            lambda: cursor.cursor.copy("COPY tasks TO STDOUT"),
            lambda: cursor.cursor.stream("SELECT 1"),
            connection.chunked_cursor,
        ):
            with pytest.raises(NotSupportedError, match="whose rows"):
                act()


def test_a_closed_process_shows_nothing_to_who_does_not_say_whose_rows(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """As web, worker and relay are: also a thread that began without a context."""
    run = tenant.run()
    with monkeypatch.context() as patch:  # the database is emptied after the test, by who may see it
        patch.setattr(tenant_wall, "_by_default", [None])
        assert TaskRun.across_tenants.filter(pk=run.pk).exists()
        tenant_wall.close()
        assert not TaskRun.across_tenants.filter(pk=run.pk).exists()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(tenant_wall.current).result() == tenant_wall.NOTHING
        with tenant_wall.across_tenants():
            assert TaskRun.across_tenants.filter(pk=run.pk).exists()


def test_what_is_put_in_front_is_no_part_of_a_statement(tenant: Tenant) -> None:
    with tenant_wall.within(tenant.workspace.pk), CaptureQueriesContext(connection) as asked, connection.cursor() as cursor:
        cursor.execute("SELECT %s; SELECT 2", [1])
        assert (cursor.fetchone(), cursor.nextset(), cursor.fetchone(), cursor.nextset()) == ((1,), True, (2,), None)
        assert cursor.cursor._query.query == b"SELECT 1; SELECT 2"
    assert [entry["sql"] for entry in asked] == ["SELECT 1; SELECT 2"]


def test_a_psycopg_that_would_send_a_statement_without_its_tenant_is_refused(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.delattr(WalledCursor, "_execute_send")
        with tenant_wall.within(tenant.workspace.pk), pytest.raises(NotSupportedError, match="does not carry the tenant"):
            all_of("tasks", "id")


def test_threads_and_tasks_take_the_view_along_only_with_their_context(tenant: Tenant) -> None:
    with tenant_wall.within(tenant.workspace.pk), ThreadPoolExecutor(1) as pool:
        assert pool.submit(tenant_wall.current).result() is None, "the default of a process of tests"
        assert pool.submit(copy_context().run, tenant_wall.current).result() == tenant_wall.current()
        assert asyncio.run(run_db(tenant_wall.current)) == tenant_wall.current()


def test_what_only_the_owner_may_do_is_done_as_the_role_that_signed_in(tenant: Tenant) -> None:
    def role() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, session_user")
            return cursor.fetchone()

    with transaction.atomic(), tenant_wall.within(tenant.workspace.pk):
        assert role()[0] == tenant_wall.TENANT
        with tenant_wall.as_signed_in():
            assert role()[0] == role()[1]
        assert role()[0] == tenant_wall.TENANT
