"""Empties the database after a test that committed: only tables with rows, where Django's ``flush`` truncates and fills all.

``flush`` takes a quarter of a second for each of many hundred tests, and waits for every lock that a thread left behind.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction
from django.test import TransactionTestCase

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
"""What migrating makes, and no test changes."""
ROUNDS = 3
"""A trigger on deletion may write a row elsewhere, which the next round takes."""


def empty_quickly(monkeypatch: Any) -> None:
    monkeypatch.setattr(TransactionTestCase, "_fixture_teardown", _teardown)


def _teardown(case: TransactionTestCase) -> None:
    for alias in case._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
        _empty(alias)


def _empty(alias: str) -> None:
    connection = connections[alias]
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT)
    asked = " UNION ALL ".join(f"(SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\"))" for table in tables)
    # foreign keys are checked when the transaction ends, so the order of deleting does not matter
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        for _ in range(ROUNDS):
            cursor.execute(asked)
            if not (full := [table for (table,) in cursor.fetchall()]):
                return
            cursor.execute("SET LOCAL mgx.audit_deleted_before = 'infinity'")
            cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in full))
        raise AssertionError(f"Not emptied: {', '.join(full)}")
