"""Tokens and workspaces from the command line."""

from __future__ import annotations

import json

from tests.cli.conftest import Mgx
from tests.cli.standin import TOKEN, Standin


def test_a_token_is_made_shown_once_and_revoked(mgx: Mgx, server: Standin) -> None:
    assert "mgx token create" in mgx("token", "list").stderr
    made = mgx("token", "create", "ci", "--role", "viewer", "--expires", "2027-01-31T00:00Z")
    assert (made.returncode, made.stdout) == (0, f"{TOKEN}\n"), made.stderr
    assert TOKEN not in made.stderr
    assert server.bodies("/api/tokens")[-1] == {"name": "ci", "role": "viewer", "expires_at": "2027-01-31T00:00Z"}
    listed = mgx("token", "list").stdout
    assert TOKEN not in listed
    assert "viewer" in listed and "2027-01-31 00" in listed
    name = next(iter(server.tokens))
    assert mgx("token", "revoke", "ffffffff").returncode == 5
    assert mgx("token", "revoke", name[:5]).returncode == 5  # too little to be sure
    assert mgx("token", "revoke", name[:8]).returncode == 0
    assert server.tokens == {}


def test_workspaces_are_made_and_listed(mgx: Mgx, server: Standin) -> None:
    made = mgx("workspace", "create", "Shop & Team")
    assert (made.returncode, made.stdout) == (0, "shop-team\n"), made.stderr
    assert "login --user" in made.stderr
    assert server.bodies("/api/workspaces") == [{"name": "Shop & Team", "slug": "shop-team"}]
    assert "shop-team  owner  Shop & Team" in mgx("workspace", "list").stdout
    assert [row["slug"] for row in json.loads(mgx("workspace", "list", "--json").stdout)["items"]] == ["shop-team"]
