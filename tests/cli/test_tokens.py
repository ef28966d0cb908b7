"""Tokens from the command line."""

from __future__ import annotations

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


def test_a_role_that_does_not_exist_is_refused_with_those_that_do(mgx: Mgx, server: Standin) -> None:
    done = mgx("token", "create", "ci", "--role", "boss")
    assert done.returncode == 2
    assert "'viewer', 'developer', 'admin', 'owner'" in done.stderr
    assert server.requests == []
