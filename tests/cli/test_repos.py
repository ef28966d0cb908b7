"""Repositories from the command line: what is sent, and that no token is shown or an argument."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import Mgx, Terminal
from tests.cli.standin import Standin

TOKEN = "ghp_nobody-else-sees-this"
CONNECT = "/api/repositories/connect"


def test_a_link_with_all_of_it(mgx: Mgx, server: Standin) -> None:
    done = mgx(
        "repo", "link", "octocat/shop", "--api-url", "https://ghe.example/api/v3", "--installation", "100", "--no-primary",
        "--project", "default", "--webhook", "--token-env", "A_TOKEN", A_TOKEN=TOKEN,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (sent,) = server.bodies(CONNECT)
    assert sent.pop("project_id")
    assert sent == {
        "url": "octocat/shop", "api_base_url": "https://ghe.example/api/v3", "provider": "github", "installation_id": 100,
        "credential": TOKEN, "is_primary": False,
    }  # fmt: skip
    assert TOKEN not in done.stdout + done.stderr
    assert "read, write" in done.stdout
    assert "Missing: admin, to set up the webhook" in done.stderr
    assert "https://mgx/hook" in done.stderr


def test_the_token_is_asked_for_without_being_shown(mgx: Mgx, server: Standin, terminal: Callable[..., Terminal]) -> None:
    asking = terminal("repo", "link", "octocat/shop")
    asking.until("Token")
    asking.type(f"{TOKEN}\n")
    assert asking.end() == 0, asking.seen
    assert TOKEN not in asking.seen
    assert server.bodies(CONNECT)[0]["credential"] == TOKEN


def test_a_hook_to_add_by_hand_shows_what_to_enter(mgx: Mgx, server: Standin) -> None:
    assert mgx("repo", "link", "octocat/shop", "--token-stdin", input=TOKEN).returncode == 0
    server.hook = {"url": "https://mgx/hook", "installed": False, "secret": "s3cret", "reason": "It needs: admin:repo_hook."}
    done = mgx("repo", "webhook", "octocat/shop")
    assert done.returncode == 0
    assert "admin:repo_hook" in done.stderr
    assert done.stdout.split() == ["url", "https://mgx/hook", "secret", "s3cret"]


def test_all_are_looked_at_while_one_waits(mgx: Mgx, server: Standin) -> None:
    assert mgx("repo", "link", "octocat/shop", "--token-stdin", input=TOKEN).returncode == 0
    assert mgx("repo", "refresh").returncode == 2
    assert mgx("repo", "refresh", "octocat/shop", "--all").returncode == 2
    server.due = "2126-11-22T12:00:00.000Z"
    fine = mgx("repo", "refresh", "--all")
    assert fine.returncode == 0
    assert "0 of 1 checked; the next check is at" in fine.stderr
    assert fine.stderr.endswith("1 of 1 checked.\n")
    server.refreshed = {"status": "error", "last_error": "The token was revoked."}
    lost = mgx("repo", "refresh", "--all", "--json")
    assert (lost.returncode, json.loads(lost.stdout)["errors"][0]["last_error"]) == (1, "The token was revoked.")
    assert json.loads(mgx("repo", "refresh", "--all", "--no-wait", "--json").stdout) == {"queued": 1}


def test_list_test_refresh_and_unlink(mgx: Mgx, server: Standin) -> None:
    assert "mgx repo link" in mgx("repo", "list").stderr
    assert "octocat/shop  main  read, write" in mgx("repo", "test", "octocat/shop").stdout
    assert mgx("repo", "link", "octocat/shop", "--token-stdin", input=TOKEN).returncode == 0
    (row,) = json.loads(mgx("repo", "list", "--json").stdout)["items"]
    assert mgx("repo", "refresh", row["id"][:8]).returncode == 0
    server.refreshed = {"status": "error", "last_error": "The token was revoked."}
    lost = mgx("repo", "refresh", "octocat/shop")
    assert (lost.returncode, "The token was revoked." in lost.stderr) == (1, True)
    assert mgx("repo", "unlink", "octocat/shop").returncode == 0
    assert server.links == {}


def test_show_says_what_is_missing_and_what_to_do(mgx: Mgx, server: Standin) -> None:
    mgx("repo", "link", "octocat/shop", "--token-stdin", input=TOKEN)
    (row,) = server.links.values()
    row.update(status="error", last_error="The token was \x1b[31mrevoked. Give the link a new one." + " x" * 80)
    listed = mgx("repo", "list")
    assert "The token was revoked." in listed.stdout
    assert "…" in listed.stdout
    assert "mgx repo show" in listed.stderr
    shown = mgx("repo", "show", "octocat/shop").stdout
    for part in (
        "admin, to set up the webhook",
        "https://mgx/hook",
        "x x x",
        "mgx repo link octocat/shop",
        "last look   never",
    ):
        assert part in shown
    assert json.loads(mgx("repo", "show", row["id"], "--json").stdout)["id"] == row["id"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (("repo", "link", "octocat/shop", "--token-env", "NOT_SET"), 2),
        (("repo", "link", "octocat/shop", "--token-stdin"), 2),
        (("repo", "refresh", "octocat/none"), 5),
        (("repo", "unlink", "x"), 5),
    ],
)
def test_what_can_not_be_meant_is_refused(mgx: Mgx, server: Standin, wrong: tuple[str, ...], code: int) -> None:
    assert mgx(*wrong).returncode == code
