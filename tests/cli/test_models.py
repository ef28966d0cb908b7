"""Model connections and budgets from the command line: what is sent, and that no key is ever shown or an argument."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Mgx, Terminal
from tests.cli.standin import Standin

KEY = "sk-nobody-else-sees-this"
CREATE = ("model", "create", "main", "--model", "gpt-5")


def test_a_connection_with_all_of_it(mgx: Mgx, server: Standin) -> None:
    done = mgx(
        *CREATE, "--price-in", "1.25", "--price-out", "10", "--price-cached-in", "0.125", "--role", "reviewer=gpt-5-mini",
        "--role", "tester=nano", "--context-tokens", "400000", "--max-output-tokens", "32000", "--edit-format", "unified",
        "--no-native-tools", "--requests-per-minute", "5", "--tokens-per-minute", "6", "--default", "--key-env", "A_KEY",
        A_KEY=KEY,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert server.bodies("/api/models") == [
        {
            "name": "main", "kind": "openai", "is_default": True, "model": "gpt-5", "price_in": "1.25", "price_out": "10",
            "price_cached_in": "0.125", "role_models": {"reviewer": "gpt-5-mini", "tester": "nano"}, "context_tokens": 400000,
            "max_output_tokens": 32000, "edit_format": "unified", "native_tools": False, "requests_per_minute": 5,
            "tokens_per_minute": 6, "api_key": KEY,
        }
    ]  # fmt: skip
    assert KEY not in done.stdout + done.stderr


def test_a_key_comes_from_a_pipe_or_a_prompt(mgx: Mgx, server: Standin, terminal: Callable[..., Terminal]) -> None:
    assert mgx(*CREATE, "--key-stdin", input=f"{KEY}\n").returncode == 0
    asking = terminal("model", "update", "main", "--ask-key")
    asking.until("New API key")
    asking.type(f"{KEY}2\n")
    assert asking.end() == 0, asking.seen
    assert KEY not in asking.seen
    sent = [body["api_key"] for method, _, _, body in server.requests if method in ("POST", "PATCH")]
    assert sent == [KEY, f"{KEY}2"]


@pytest.mark.parametrize(
    "wrong",
    [
        (*CREATE, "--key-env", "NOT_SET"),
        (*CREATE, "--key-stdin"),
        (*CREATE, "--role", "reviewer"),
        ("model", "update", "main"),
        ("model", "update", "main", "--ask-key"),
        ("budget", "update", "01a2056e"),
    ],
)
def test_what_can_not_be_meant_is_refused(mgx: Mgx, server: Standin, wrong: tuple[str, ...]) -> None:
    assert mgx(*wrong).returncode == 2
    assert not [request for request in server.requests if request[0] in ("POST", "PATCH")]


def test_list_show_and_default(mgx: Mgx, server: Standin) -> None:
    mgx(*CREATE, "--price-in", "1.25", "--price-out", "10")
    listed = mgx("model", "list")
    assert "main" in listed.stdout
    assert "1.25/10" in listed.stdout
    assert json.loads(mgx("model", "list", "--json").stdout)["items"][0]["name"] == "main"
    shown = mgx("model", "show", "main").stdout
    assert "gpt-5" in shown
    assert "not known" in shown
    assert "(default)" in mgx("model", "default", "main").stdout
    assert mgx("model", "update", "main", "--unset", "price-in", "--unset", "fallback").returncode == 0
    assert server.requests[-1][3] == {"price_in": None, "fallback_id": None}
    assert mgx("model", "show", "other").returncode == 5
    assert mgx("model", "delete", "main").returncode == 0
    assert "server's own model (offline)" in mgx("model", "list").stderr
    assert "offline (the server's own" in mgx("whoami").stdout


def test_a_test_says_what_came_of_it(mgx: Mgx, server: Standin) -> None:
    mgx(*CREATE)
    good = mgx("model", "test", "main")
    assert good.returncode == 0, good.stderr
    assert "answered in" in good.stdout
    assert "15 s" in good.stderr
    server.model_test = {"ok": False, "detail": "The key is wrong.\x1b[2J", "hint": "Set another one.", "models": []}
    bad = mgx("model", "test", "main")
    assert (bad.returncode, "The key is wrong." in bad.stdout, "Set another one." in bad.stderr) == (1, True, True)
    assert "\x1b" not in bad.stdout
    assert json.loads(mgx("model", "test", "main", "--json").stdout)["ok"] is False


def test_budgets(mgx: Mgx, server: Standin) -> None:
    assert "No budgets" in mgx("budget", "list").stderr
    made = mgx("budget", "create", "--project", "default", "--period", "total", "--max-cost-usd", "20", "--max-seconds", "60")
    assert made.returncode == 0, made.stderr
    body: dict[str, Any] = server.bodies("/api/budgets")[-1] or server.bodies("/api/budgets")[-2]
    assert (body["period"], body["max_cost_usd"], body["max_seconds"]) == ("total", "20", 60)
    assert body["project_id"]
    table = mgx("budget", "list").stdout
    assert "$2.50 of $20" in table
    name = json.loads(mgx("budget", "list", "--json").stdout)["items"][0]["id"]
    assert mgx("budget", "update", name[:13], "--max-cost-usd", "50", "--unset", "max-seconds").returncode == 0
    assert [body for method, _, _, body in server.requests if method == "PATCH"] == [
        {"max_cost_usd": "50", "max_seconds": None}
    ]
    assert mgx("budget", "delete", name).returncode == 0
    assert mgx("budget", "delete", name).returncode == 5
