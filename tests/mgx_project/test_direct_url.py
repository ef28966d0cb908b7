"""DATABASE_DIRECT_URL: PostgreSQL itself, where the usual address is a pooler's."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.datadir import DataDirectory
from mgx_project.embedded.environment import child_environment
from mgx_project.env import _direct_url

POOLED = "postgres://mgx:p%40ss@pooler:6432/shop?sslmode=require"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", ""),
        ("postgres://db:5432", "postgres://mgx:p%40ss@db:5432/shop?sslmode=require"),
        ("postgresql://db/", "postgresql://mgx:p%40ss@db/shop?sslmode=require"),
        ("postgres://ada:own@db:5432/other?sslmode=disable", "postgres://ada:own@db:5432/other?sslmode=disable"),
        ("postgres://[::1]:5432", "postgres://mgx:p%40ss@[::1]:5432/shop?sslmode=require"),
    ],
)
def test_what_it_leaves_out_is_as_in_the_usual_address(given: str, found: str) -> None:
    assert _direct_url(given, POOLED) == found


@pytest.mark.parametrize("given", ["db:5432", "db", "mysql://db", "postgres:///shop"])
def test_another_form_is_refused_with_the_right_one(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_DIRECT_URL must be like postgres://host:port"):
        _direct_url(given, POOLED)


def test_that_of_the_shell_leads_no_migration_of_the_embedded_server_to_another_database(tmp_path: Path) -> None:
    data, secrets = DataDirectory(tmp_path), Credentials.generate()
    shell = {"DATABASE_DIRECT_URL": "postgres://elsewhere"}
    own = child_environment(shell, data, secrets, port=1, database_url="postgres://own", redis_url="redis://own")
    assert "DATABASE_DIRECT_URL" not in own
    given = child_environment(shell, data, secrets, port=1, database_url="", redis_url="redis://own")
    assert given["DATABASE_DIRECT_URL"] == "postgres://elsewhere"
