"""Migrations that give a table's rows to their tenant alone: PostgreSQL's row-level security, beside the filter of each query.

The role TENANT sees the rows of the tenants that `tenant_wall` names, OPERATOR sees all; who owns the tables (and so migrates,
dumps and restores them) is a member of both. FORCE binds the owner as well, so that a missing policy shows nothing rather than
all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation

from .tenant_wall import OPERATOR, SETTING, TENANT

_ROLES = f"""
DO $$
DECLARE name text;
BEGIN
  -- databases of one server share their roles, and may be migrated at the same time
  PERFORM pg_advisory_xact_lock(hashtext('mgx roles'));
  FOREACH name IN ARRAY ARRAY['{TENANT}', '{OPERATOR}'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    END IF;
    IF NOT pg_has_role(current_user, name, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', name);
    END IF;
  END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE EXCEPTION '% may not create roles', current_user USING HINT =
    'As an administrator of the database server: CREATE ROLE {TENANT} NOLOGIN; CREATE ROLE {OPERATOR} NOLOGIN; '
    'GRANT {TENANT}, {OPERATOR} TO ' || quote_ident(current_user) || ';';
END $$;
"""


GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {TENANT}, {OPERATOR};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {TENANT}, {OPERATOR};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {TENANT}, {OPERATOR};
"""
"""For all tables that there are. Given after each `migrate`, so that those of later migrations are among them."""


def roles() -> Operation:
    """Both roles, of which the role that migrates becomes a member."""
    return RunSQL(_ROLES, RunSQL.noop)


def own_rows_only(columns: Mapping[str, str] | Sequence[str]) -> list[Operation]:
    """For tables with the tenant's id in ``workspace_id``, or in the column named."""
    named = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, "workspace_id")
    return [RunSQL(_policies(table, column), _undone(table)) for table, column in named.items()]


def _policies(table: str, column: str) -> str:
    # current_setting is stable, so that the condition can be looked up in an index
    mine = f"{column} = ANY (NULLIF(current_setting('{SETTING}', true), '')::uuid[])"
    return f"""
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
