"""The roles by which PostgreSQL keeps tenants apart, made by roles that may do more or less at the database server."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import connection as of_tests

from mgx_project.common.row_policies import make_roles
from mgx_project.common.tenant_wall import OPERATOR, TENANT
from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.postgres import SUPERUSER
from mgx_project.embedded.services import Services
from mgx_project.tenant_database.base import DatabaseWrapper

CHECKOUT = Path(__file__).resolve().parents[3]
BEFORE = CHECKOUT / "tests/upgrade/before_names.sql.gz"

pytestmark = pytest.mark.django_db  # of the tests; connections to the server of these are opened by hand


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, str]]:
    """A server of its own, and its superuser's password."""
    made = Credentials.generate()
    with Services(tmp_path_factory.mktemp("roles"), credentials=made, start_redis=False) as services:
        yield services, made.superuser_password


@pytest.fixture
def administrator(running: tuple[Services, str]) -> Iterator[psycopg.Connection[Any]]:
    """At a server without the roles."""
    services, password = running
    address = {"host": "127.0.0.1", "port": services.ports["postgres"], "user": SUPERUSER, "password": password}
    with psycopg.connect(dbname="mgx", autocommit=True, **address) as server:  # type: ignore[arg-type]
        server.execute(f"DROP ROLE IF EXISTS {TENANT}, {OPERATOR}, plain, maker")
        server.execute("CREATE ROLE plain LOGIN PASSWORD 'p'; CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'p'")
        yield server


def signed_in(services: Services, role: str) -> DatabaseWrapper:
    at = {"HOST": "127.0.0.1", "PORT": services.ports["postgres"], "USER": role, "PASSWORD": "p", "NAME": "mgx", "OPTIONS": {}}
    return DatabaseWrapper(of_tests.settings_dict | at, "other")


def becomes_both(database: DatabaseWrapper) -> None:
    for role in (TENANT, OPERATOR):
        with database.cursor() as cursor:
            cursor.execute(f"SET ROLE {role}; SELECT current_user")
            assert cursor.nextset() and cursor.fetchone() == (role,)
            cursor.execute("RESET ROLE")
            cursor.execute("SELECT pg_has_role(current_user, %s, 'USAGE')", [role])
            assert cursor.fetchone() == (True,)


def test_who_may_make_no_roles_is_told_what_an_administrator_has_to_do(
    running: tuple[Services, str], administrator: psycopg.Connection[Any]
) -> None:
    database = signed_in(running[0], "plain")
    try:
        with pytest.raises(CommandError, match="may not make the roles") as refused:
            make_roles(database)
        found = re.search(r"CREATE ROLE.*;", str(refused.value))
        assert found
        administrator.execute(found[0])
        make_roles(database)
        becomes_both(database)
    finally:
        database.close()


def test_who_may_make_roles_makes_them_and_can_become_them(
    running: tuple[Services, str], administrator: psycopg.Connection[Any]
) -> None:
    """Since PostgreSQL 16 a role that creates another one may not act as it."""
    database = signed_in(running[0], "maker")
    try:
        make_roles(database)
        make_roles(database)
        becomes_both(database)
    finally:
        database.close()


def test_who_web_and_worker_sign_in_as_becomes_a_member_too(
    running: tuple[Services, str], administrator: psycopg.Connection[Any]
) -> None:
    """Where migrations have an account of their own. A name that only a pooler knows is left alone."""
    migrates, serves = signed_in(running[0], "maker"), signed_in(running[0], "plain")
    try:
        make_roles(migrates, "known to a pooler's file only")
        make_roles(migrates, "plain")
        becomes_both(serves)
    finally:
        migrates.close()
        serves.close()


def test_neither_role_can_sign_in_or_see_past_policies(
    running: tuple[Services, str], administrator: psycopg.Connection[Any]
) -> None:
    database = signed_in(running[0], "maker")
    try:
        make_roles(database)
    finally:
        database.close()
    rows = administrator.execute(
        "SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = ANY (%s)",
        [[TENANT, OPERATOR]],
    ).fetchall()
    assert rows == [(False,) * 5] * 2


@pytest.fixture
def from_before(running: tuple[Services, str], administrator: psycopg.Connection[Any]) -> Iterator[str]:
    """The address of a database that an older version filled, as its owner, who may make no roles."""
    administrator.execute("CREATE DATABASE from_before OWNER plain")
    url = f"postgres://plain:p@127.0.0.1:{running[0].ports['postgres']}/from_before"
    with psycopg.connect(url) as owner:
        owner.execute(gzip.decompress(BEFORE.read_bytes()))
    yield url
    administrator.execute("DROP DATABASE from_before WITH (FORCE)")


def migrate(url: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DATABASE_URL": url}
    return subprocess.run([sys.executable, "manage.py", "migrate"], cwd=CHECKOUT, env=env, capture_output=True, text=True)


def test_an_owner_who_may_make_no_roles_is_told_before_anything_is_changed(
    from_before: str, administrator: psycopg.Connection[Any]
) -> None:
    """As at hosting services. What the refusal says is all there is to do."""
    with psycopg.connect(from_before, autocommit=True) as owner:

        def found(statement: str) -> list[Any]:
            return owner.execute(statement).fetchall()

        before = found("SELECT app, name FROM django_migrations ORDER BY id")
        refused = migrate(from_before)
        assert refused.returncode == 1 and "Traceback" not in refused.stderr
        assert found("SELECT app, name FROM django_migrations ORDER BY id") == before
        said = re.search(r"CREATE ROLE.*?GRANT[^;]*;", refused.stderr)
        assert said and said[0] == (
            f'CREATE ROLE {TENANT} NOLOGIN; CREATE ROLE {OPERATOR} NOLOGIN; GRANT {TENANT}, {OPERATOR} TO "plain";'
        )
        administrator.execute(said[0])
        migrated = migrate(from_before)
        assert migrated.returncode == 0, migrated.stderr
        (tasks,) = found("SELECT count(*) FROM tasks")
        assert tasks > (0,), "the owner sees all, as does the release before"
        for role, seen in ((TENANT, (0,)), (OPERATOR, tasks)):
            owner.execute(f"SET ROLE {role}")
            assert found("SELECT count(*) FROM tasks") == [seen]
