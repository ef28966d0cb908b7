"""Migrations that give a table's rows to their tenant alone: PostgreSQL's row-level security, beside the filter of each query.

The role TENANT sees the rows of the tenants that `tenant_wall` names, OPERATOR sees all. Who owns the tables is a member of
both, and so sees all rows too: in migrations and dumps, and as a process of the release before, which names no role. FORCE
binds the owner as well, so that a missing policy shows nothing rather than all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db import Error
from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation

from .tenant_wall import OPERATOR, SETTING, TENANT

_ROLES = f"""
DO $$
DECLARE name text; usable boolean; member text := {{member}};
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = member) THEN
    RETURN; -- a pooler's own name for somebody
  END IF;
  -- databases of one server share their roles, and may be migrated at the same time
  PERFORM pg_advisory_xact_lock(hashtext('mgx roles'));
  FOREACH name IN ARRAY ARRAY['{TENANT}', '{OPERATOR}'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    END IF;
    usable := pg_has_role(member, name, 'USAGE');
    -- since PostgreSQL 16, who creates a role is a member that may neither use nor become it
    IF usable AND current_setting('server_version_num')::int >= 160000 THEN
      usable := pg_has_role(member, name, 'SET');
    END IF;
    IF NOT usable THEN
      EXECUTE format('GRANT %I TO %I', name, member);
    END IF;
  END LOOP;
END $$;
"""
_GRANTS = f"""
DO $$
DECLARE own text; later text := format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT ', current_schema());
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('mgx roles'));
  IF NOT has_schema_privilege('{TENANT}', current_schema(), 'USAGE')
     OR NOT has_schema_privilege('{OPERATOR}', current_schema(), 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {TENANT}, {OPERATOR}', current_schema());
  END IF;
  -- others' tables may be there too: those of extensions
  SELECT string_agg(oid::regclass::text, ', ') INTO own FROM pg_class
   WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relname <> 'django_migrations'
     AND pg_has_role(current_user, relowner, 'USAGE')
     AND NOT (has_table_privilege('{TENANT}', oid, 'INSERT') AND has_table_privilege('{OPERATOR}', oid, 'INSERT'));
  IF own IS NOT NULL THEN
    EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON ' || own || ' TO {TENANT}, {OPERATOR}';
  END IF;
  SELECT string_agg(oid::regclass::text, ', ') INTO own FROM pg_class
   WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' AND pg_has_role(current_user, relowner, 'USAGE')
     AND NOT (has_sequence_privilege('{TENANT}', oid, 'USAGE') AND has_sequence_privilege('{OPERATOR}', oid, 'USAGE'));
  IF own IS NOT NULL THEN
    EXECUTE 'GRANT USAGE, SELECT ON SEQUENCE ' || own || ' TO {TENANT}, {OPERATOR}';
  END IF;
  -- what was done stays said; retention is the operator's, and a trigger holds it to its bound
  IF to_regclass('audit_entries') IS NOT NULL THEN
    REVOKE UPDATE, DELETE ON audit_entries FROM {TENANT};
    REVOKE UPDATE ON audit_entries FROM {OPERATOR};
  END IF;
  IF to_regclass('django_migrations') IS NOT NULL THEN
    GRANT SELECT ON django_migrations TO {TENANT}, {OPERATOR};
  END IF;
  -- what later migrations make is readable with them: who waits for a schema does not wait for the end of the command
  IF NOT EXISTS (SELECT FROM pg_default_acl, aclexplode(defaclacl) AS given WHERE given.grantee = '{OPERATOR}'::regrole
                 AND defaclrole = current_user::regrole AND defaclnamespace = current_schema()::regnamespace) THEN
    EXECUTE later || 'SELECT, INSERT, UPDATE, DELETE ON TABLES TO {TENANT}, {OPERATOR}';
    EXECUTE later || 'USAGE, SELECT ON SEQUENCES TO {TENANT}, {OPERATOR}';
  END IF;
END $$;
"""


def make_roles(database: Any, served_as: str = "") -> None:
    """Makes both roles where they are missing; the role that signed in, and the one ``served_as`` which web and worker do,
    become members of both. Raises CommandError where that is not allowed, with what an administrator has to do."""
    with database.cursor() as cursor:
        cursor.execute("SELECT current_user")
        members = dict.fromkeys(name for name in (*cursor.fetchone(), served_as) if name)
        try:
            for member in members:
                cursor.execute(_ROLES.format(member=psycopg.sql.Literal(member).as_string()))
        except Error as error:
            if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                raise
            cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", [[TENANT, OPERATOR]])
            there = {name for (name,) in cursor.fetchall()}
            wanted = [f"CREATE ROLE {name} NOLOGIN;" for name in (TENANT, OPERATOR) if name not in there]
            named = ", ".join(psycopg.sql.Identifier(member).as_string() for member in members)
            raise CommandError(
                "The database's user may not make the roles by which PostgreSQL keeps tenants apart. Do this once as an "
                "administrator of the database server, and start again: "
                f"{' '.join([*wanted, f'GRANT {TENANT}, {OPERATOR} TO {named};'])} (docs/DATABASE.md)"
            ) from error


def grant_rights(database: Any) -> None:
    """Gives both roles the rights on all tables of the role that signed in (a restored dump has none), and on those that it
    makes from then on."""
    with database.cursor() as cursor:
        cursor.execute(_GRANTS)


def roles() -> Operation:
    """Both roles, of which the role that migrates becomes a member."""
    return RunSQL(_ROLES.format(member="current_user"), RunSQL.noop)


def rights() -> Operation:
    """What `grant_rights` does."""
    return RunSQL(_GRANTS, RunSQL.noop)


def own_rows_only(columns: Mapping[str, str] | Sequence[str]) -> list[Operation]:
    """For tables with the tenant's id in ``workspace_id``, or in the column named. May be done again."""
    named = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, "workspace_id")
    return [RunSQL(_policies(table, column), _undone(table)) for table, column in named.items()]


def _policies(table: str, column: str) -> str:
    # current_setting is stable, so that the condition can be looked up in an index
    mine = f"{column} = ANY (NULLIF(current_setting('{SETTING}', true), '')::uuid[])"
    return f"""
        DROP POLICY IF EXISTS own_rows ON {table};
        DROP POLICY IF EXISTS all_rows ON {table};
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY own_rows ON {table} TO {TENANT} USING ({mine}) WITH CHECK ({mine});
        CREATE POLICY all_rows ON {table} TO {OPERATOR} USING (true) WITH CHECK (true);
    """


def _undone(table: str) -> str:
    return f"""
        DROP POLICY own_rows ON {table};
        DROP POLICY all_rows ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """
