"""The migrations make the tables that the models describe."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_indexes_that_are_built_beside_writers_are_whole() -> None:
    named = ("ledger_answers", "ledger_unsettled", "event_ages", "ledger_ages", "run_step_ages", "artifact_ages")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class JOIN pg_index ON indexrelid = oid WHERE indisvalid")
        assert set(named) <= {name for (name,) in cursor.fetchall()}
