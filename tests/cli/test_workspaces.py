"""Workspaces from the command line: made, joined by an invitation, and left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Mgx, Terminal
from tests.cli.standin import ADA, DEFAULT, INVITATION, TOKEN, Standin

ACCEPT = "/api/invitations/accept"
SECRETS = f"{INVITATION}\nhorse\n"
MEMBERS = f"/api/workspaces/{DEFAULT['id']}/members"


def test_workspaces_are_made_and_listed(mgx: Mgx, server: Standin) -> None:
    made = mgx("workspace", "create", "Shop & Team")
    assert (made.returncode, made.stdout) == (0, "shop-team\n"), made.stderr
    assert "login --user" in made.stderr
    assert server.bodies("/api/workspaces") == [{"name": "Shop & Team", "slug": "shop-team"}]
    assert "shop-team  owner  Shop & Team" in mgx("workspace", "list").stdout
    assert [row["slug"] for row in json.loads(mgx("workspace", "list", "--json").stdout)["items"]] == ["shop-team"]


def test_members_are_listed(mgx: Mgx) -> None:
    shown = mgx("workspace", "members").stdout.splitlines()
    assert [line.split() for line in shown] == [
        ["USER", "ROLE", "EMAIL"],
        ["ada", "owner", "ada@example.com"],
        ["bob", "viewer", "-"],
    ]
    assert len(json.loads(mgx("workspace", "members", "--json").stdout)["items"]) == 2


def test_an_invitation_is_alone_on_stdout_and_the_rest_says_how_to_join(mgx: Mgx, server: Standin) -> None:
    done = mgx("workspace", "invite", "--role", "viewer", "--email", "bob@example.com")
    assert (done.returncode, done.stdout) == (0, f"{INVITATION}\n"), done.stderr
    assert f"mgx --server {server.url} workspace join --user NAME" in done.stderr
    assert INVITATION not in done.stderr
    body = {"role": "viewer", "email": "bob@example.com"}
    assert server.bodies(f"/api/workspaces/{DEFAULT['id']}/invitations") == [body]
    assert json.loads(mgx("workspace", "invite", "--json").stdout)["token"] == INVITATION
    assert server.bodies(f"/api/workspaces/{DEFAULT['id']}/invitations")[-1] == {"role": "developer"}


def test_an_invitation_with_an_unknown_role_is_refused_with_those_that_exist(mgx: Mgx, server: Standin) -> None:
    done = mgx("workspace", "invite", "--role", "boss")
    assert done.returncode == 2
    assert "'viewer', 'developer', 'admin', 'owner'" in done.stderr
    assert server.requests == []


def test_joining_asks_for_both_secrets_and_shows_neither(
    terminal: Callable[..., Terminal], server: Standin, home: Path
) -> None:
    joining = terminal("workspace", "join", "--user", "ada")
    joining.until("Invitation: ")
    joining.type(f"{INVITATION}\n")
    joining.until("Password of ada: ")
    joining.type("horse\n")
    assert joining.end() == 0
    assert f"mgx --workspace default login --server {server.url} --user ada" in joining.seen
    assert INVITATION not in joining.seen and "horse" not in joining.seen
    assert server.bodies(ACCEPT) == [{"token": INVITATION}]
    assert server.bodies("/api/auth/revoke") == [{"refresh": "r"}]
    assert not (home / "config").exists()


def test_joining_reads_the_secrets_from_a_pipe(mgx: Mgx, server: Standin) -> None:
    done = mgx("workspace", "join", "--user", "ada", "--secrets-stdin", input=SECRETS, MGX_TOKEN=None)
    assert (done.returncode, done.stdout) == (0, "default\n"), done.stderr
    assert "Your role in default is viewer." in done.stderr
    assert server.bodies("/api/auth/token") == [{"username": "ada", "password": "horse"}]
    document = mgx("workspace", "join", "--user", "ada", "--secrets-stdin", "--json", input=SECRETS).stdout
    assert json.loads(document)["slug"] == "default"


def test_joining_without_a_terminal_says_how_to_pipe_the_secrets_in(mgx: Mgx, server: Standin) -> None:
    done = mgx("workspace", "join", "--user", "ada")
    assert done.returncode == 2
    assert "--secrets-stdin" in done.stderr
    assert mgx("workspace", "join", "--user", "ada", "--secrets-stdin", input=f"{INVITATION}\n").returncode == 2
    assert server.requests == []


def test_the_invitation_is_never_an_argument(mgx: Mgx, server: Standin) -> None:
    assert mgx("workspace", "join", INVITATION, "--user", "ada", "--secrets-stdin", input=SECRETS).returncode == 2
    assert server.requests == []


def test_a_wrong_password_and_a_wrong_invitation_end_the_sign_in(mgx: Mgx, server: Standin) -> None:
    wrong = mgx("workspace", "join", "--user", "ada", "--secrets-stdin", input=f"{INVITATION}\nwrong\n")
    assert wrong.returncode == 5
    assert "Wrong username or password for 'ada'" in wrong.stderr
    assert "mgx login" not in wrong.stderr
    assert server.bodies(ACCEPT) == []
    unknown = mgx("workspace", "join", "--user", "ada", "--secrets-stdin", input="mgxi_other\nhorse\n")
    assert unknown.returncode == 5
    assert "Ask an owner." in unknown.stderr
    assert server.bodies("/api/auth/revoke") == [{"refresh": "r"}]


def test_no_secret_travels_unencrypted(mgx: Mgx) -> None:
    done = mgx(
        "workspace", "join", "--user", "ada", "--secrets-stdin", input=SECRETS, MGX_SERVER="http://192.0.2.1", MGX_TOKEN=None
    )
    assert done.returncode == 5
    assert "would be sent unencrypted" in done.stderr


def test_joining_refuses_to_name_a_workspace(mgx: Mgx, server: Standin) -> None:
    done = mgx("--workspace", "shop", "workspace", "join", "--user", "ada", "--secrets-stdin", input=SECRETS)
    assert done.returncode == 2
    assert "Remove --workspace." in done.stderr
    assert server.requests == []


def test_leaving_is_said_twice_and_forgets_the_token(mgx: Mgx, server: Standin, home: Path) -> None:
    kept = home / "config" / "mgx" / "config.toml"
    signed_out = {"MGX_SERVER": None, "MGX_TOKEN": None}
    assert mgx("login", "--server", server.url, "--token-stdin", input=f"{TOKEN}\n", **signed_out).returncode == 0
    careful = mgx("workspace", "leave", **signed_out)
    assert careful.returncode == 2
    assert "mgx workspace leave --yes" in careful.stderr
    assert [path for method, path, _, _ in server.requests if method == "DELETE"] == []
    assert TOKEN in kept.read_text()
    left = mgx("workspace", "leave", "--yes", **signed_out)
    assert left.returncode == 0, left.stderr
    assert "You have left default" in left.stderr
    assert [path for method, path, _, _ in server.requests if method == "DELETE"] == [f"{MEMBERS}/{ADA}"]
    assert TOKEN not in kept.read_text()


def test_a_workspace_that_is_not_ones_own_is_not_taken_for_another(mgx: Mgx, server: Standin) -> None:
    done = mgx("--workspace", "nope", "workspace", "leave", "--yes")
    assert done.returncode == 5
    assert "not a member of the workspace 'nope'" in done.stderr
    assert [path for method, path, _, _ in server.requests if method == "DELETE"] == []


@pytest.mark.parametrize("command", [("cancel", "1"), ("list",), ("workspace", "members")])
def test_a_token_of_another_workspace_is_exit_5(mgx: Mgx, server: Standin, command: tuple[str, ...]) -> None:
    detail = "This token belongs to the workspace default, but the request names nope."
    server.problem = (403, {"detail": detail, "code": "workspace_mismatch", "hint": "Name no other workspace."})
    done = mgx("--workspace", "nope", *command)
    assert done.returncode == 5
    assert "the request names nope" in done.stderr and "Name no other workspace." in done.stderr
    assert {headers["X-Workspace-Slug"] for _, _, headers, _ in server.requests} == {"nope"}
