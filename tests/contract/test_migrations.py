"""The migrations make the tables that the models describe."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command

from ..support.worker import CHECKOUT
from ..template_database import NAME as TEMPLATE
from ..template_database import decisive


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    whole = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return whole | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_a_kept_dump_depends_on_all_that_migrations_import() -> None:
    files = decisive()
    migrations = [path for path in files if path.parent.name == "migrations"]
    assert len(migrations) > 40
    ours = {name for path in migrations for name in imported(path) if (CHECKOUT / name.partition(".")[0]).is_dir()}
    assert "mgx_project.common.ids" in ours
    assert {f"{name.replace('.', '/')}.py" for name in ours} <= {path.relative_to(CHECKOUT).as_posix() for path in files}


BUILT_BESIDE = {
    "ledger_answers": "ledger_entries", "ledger_unsettled": "ledger_entries", "ledger_ages": "ledger_entries",
    "event_ages": "events", "event_of_repository": "events",
    "run_step_ages": "run_steps", "artifact_ages": "artifacts", "run_lacks_budget": "task_runs",
    "run_lacks_store": "task_runs", "run_inbox": "task_runs", "audit_ages": "audit_entries",
}  # fmt: skip
"""Indexes that are built while others write, and their tables."""
BEFORE_THEM = (("runs", "0015_step_numbers"), ("workspaces", "0010_relay"))


@pytest.fixture
def copy_of_template(django_db_setup: None) -> Iterator[str]:
    """The URL of a migrated database that nobody else has."""
    url, name = os.environ["DATABASE_URL"], f"migrations_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrate(url: str, *to: str) -> None:
    argv = [sys.executable, "manage.py", "migrate", *to]
    subprocess.run(argv, cwd=CHECKOUT, env={**os.environ, "DATABASE_URL": url}, check=True, capture_output=True, text=True)


def indexes(url: str) -> dict[str, tuple[bool, str]]:
    """Whether each is valid, and its definition."""
    with psycopg.connect(url) as database:
        rows = database.execute(
            "SELECT relname, indisvalid, pg_get_indexdef(oid) FROM pg_class JOIN pg_index ON indexrelid = oid"
        )
        return {name: (valid, definition) for name, valid, definition in rows if name in BUILT_BESIDE}


def test_an_index_whose_build_was_broken_off_is_built_again_and_all_can_be_taken_back(copy_of_template: str) -> None:
    whole = indexes(copy_of_template)
    assert whole.keys() == BUILT_BESIDE.keys() and all(valid for valid, _ in whole.values())
    for step in BEFORE_THEM:
        migrate(copy_of_template, *step)
    assert indexes(copy_of_template) == {}
    with psycopg.connect(copy_of_template) as writer, psycopg.connect(copy_of_template, autocommit=True) as builder:
        for table in set(BUILT_BESIDE.values()):
            writer.execute(f"LOCK {table} IN ROW EXCLUSIVE MODE")
        builder.execute("SET statement_timeout = '300ms'")
        for name, table in BUILT_BESIDE.items():
            with pytest.raises(psycopg.errors.QueryCanceled):
                builder.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} (id)")
    assert {valid for valid, _ in indexes(copy_of_template).values()} == {False}
    assert len(indexes(copy_of_template)) == len(BUILT_BESIDE)
    migrate(copy_of_template)
    assert indexes(copy_of_template) == whole
