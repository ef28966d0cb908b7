"""Two accounts and `mgx workspace`: invited, joined, at work, and gone again, on the real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ..support import forked_mgx
from ..support.forked_mgx import MGX
from ..support.patience import SOON
from ..support.scripted_openai import Reply
from .conftest import PASSWORD, Accounts, Server

Mgx = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def name(accounts: Accounts) -> str:
    """A new account."""
    return accounts.take(own_workspace=False).name


@pytest.fixture
def person(server: Server, tmp_path: Path) -> Mgx:
    """`mgx` in a home of its own, of somebody who knows the server's address and nothing else."""

    def run(*arguments: str, input: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in server.env.items() if not name.startswith(("MGX_", "XDG_", "OPENAI_"))}
        env = {**kept, "HOME": str(tmp_path), "MGX_SERVER": server.state["base_url"], **environment}
        return forked_mgx.run(*arguments, cwd=tmp_path, env=env, input=input)

    return run


@pytest.fixture
def owner(server: Server, person: Mgx) -> Mgx:
    return lambda *arguments: person(*arguments, MGX_TOKEN=server.state["token"])


def members(owner: Mgx) -> set[str]:
    return {row["username"] for row in json.loads(owner("workspace", "members", "--json").stdout)["items"]}


def test_somebody_is_invited_joins_works_and_leaves(server: Server, person: Mgx, owner: Mgx, name: str) -> None:
    invited = owner("workspace", "invite", "--role", "viewer")
    assert invited.returncode == 0, invited.stderr
    secret = invited.stdout.strip()
    assert members(owner) == {"local"}

    joined = person("workspace", "join", "--user", name, "--secrets-stdin", input=f"{secret}\n{PASSWORD}\n")
    assert (joined.returncode, joined.stdout) == (0, "local\n"), joined.stderr
    assert members(owner) == {"local", name}
    again = person("workspace", "join", "--user", name, "--secrets-stdin", input=f"{secret}\n{PASSWORD}\n")
    assert again.returncode == 1
    assert "already a member of this workspace" in again.stderr

    token = token_of(server, name)
    assert person("list", MGX_TOKEN=token).returncode == 0
    refused = person("workspace", "invite", MGX_TOKEN=token)
    assert refused.returncode == 5
    assert "requires the role owner" in refused.stderr

    left = person("workspace", "leave", "--yes", MGX_TOKEN=token)
    assert left.returncode == 0, left.stderr
    assert members(owner) == {"local"}
    assert person("list", MGX_TOKEN=token).returncode == 5
    back = person("workspace", "join", "--user", name, "--secrets-stdin", input=f"{secret}\n{PASSWORD}\n")
    assert back.returncode == 5
    assert "Ask for a new one" in back.stderr


def token_of(server: Server, name: str) -> str:
    """What `mgx login --user` does, which asks a terminal for the password."""
    pair = server.request("POST", "/api/auth/token", json={"username": name, "password": PASSWORD}).json()
    made = server.request("POST", "/api/tokens", json={"name": "t"}, bearer=pair["access"])
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


def test_a_followed_log_ends_with_the_token(server: Server, person: Mgx, owner: Mgx, name: str, shop: Path) -> None:
    """The model does not answer while the log is followed by somebody who is removed meanwhile."""
    secret = owner("workspace", "invite").stdout.strip()
    assert person("workspace", "join", "--user", name, "--secrets-stdin", input=f"{secret}\n{PASSWORD}\n").returncode == 0
    token = token_of(server, name)
    server.answer(lambda messages: Reply("too late", delay=300))
    run = server.edit_run(shop, auto_approve=False)
    env = {**server.env, "MGX_SERVER": server.state["base_url"], "MGX_TOKEN": token}
    argv = [MGX, "logs", run["id"], "-f"]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert "run_queued" in following.stdout.readline()
        path = f"/api/workspaces/{run['workspace_id']}/members"
        removed = next(row for row in server.get(path).json()["items"] if row["username"] == name)
        assert server.request("DELETE", f"{path}/{removed['user_id']}").status_code == 204
        _, said = following.communicate(timeout=SOON)
    assert following.returncode == 5
    assert "or membership is no longer valid" in said
    server.post(f"/api/runs/{run['id']}/cancel", {})
    assert server.finished(run["id"])["status"] == "cancelled"


def test_the_last_owner_is_told_what_to_do_first(owner: Mgx) -> None:
    done = owner("workspace", "leave", "--yes")
    assert done.returncode == 1
    assert "Make another member an owner first" in done.stderr and "Change a role" in done.stderr


def test_a_run_is_not_cancelled_by_a_token_of_another_workspace(server: Server, owner: Mgx, shop: Path) -> None:
    """As it was seen: the flag was ignored, and a run of the token's own workspace was cancelled."""
    run = server.edit_run(shop, auto_approve=False)
    assert server.finished(run["id"])["status"] == "awaiting_approval"
    done = owner("--workspace", "nope", "cancel", run["id"])
    assert done.returncode == 5
    assert "belongs to the workspace local, but the request names nope" in done.stderr
    assert server.get(f"/api/runs/{run['id']}").json()["status"] == "awaiting_approval"
    assert owner("--workspace", "local", "cancel", run["id"]).returncode == 0
