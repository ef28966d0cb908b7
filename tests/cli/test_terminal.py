"""What a person at a terminal meets: the question about the plan, Ctrl-C, colour."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Mgx, Terminal
from tests.cli.standin import TOKEN, Standin

Start = Callable[..., Terminal]


def test_yes_approves_and_the_run_goes_on_to_its_end(terminal: Start, server: Standin) -> None:
    mgx = terminal("task", "Create a health endpoint")
    screen = mgx.until("[d]etach")
    assert "Write the route" in screen
    mgx.type("maybe\n")
    mgx.type("y\n")
    assert mgx.end() == 0
    assert "mgx/health/run-1" in mgx.seen


def test_no_rejects(terminal: Start) -> None:
    mgx = terminal("task", "x")
    mgx.until("[d]etach")
    mgx.type("n\n")
    assert mgx.end() == 3


def test_feedback_makes_a_new_plan_and_asks_again(terminal: Start, server: Standin) -> None:
    mgx = terminal("task", "x")
    mgx.until("[d]etach")
    mgx.type("f\n")
    mgx.until("What should change?")
    mgx.type("smaller steps\n")
    mgx.until("Plan (version 2)")
    mgx.type("y\n")
    assert mgx.end() == 0
    (run,) = server.runs
    sent = server.bodies(f"/api/runs/{run}/approve")
    assert sent == [
        {"approved": False, "feedback": "smaller steps", "plan_version": 1},
        {"approved": True, "plan_version": 2},
    ]


def test_the_plan_is_edited_in_the_question(terminal: Start, server: Standin, tmp_path: Path) -> None:
    script = tmp_path / "editor.py"
    script.write_text("import pathlib, sys\nfile = pathlib.Path(sys.argv[1])\n"
                      "file.write_text(file.read_text().replace('Write the route', 'Write it well'))\n")  # fmt: skip
    mgx = terminal("task", "x", EDITOR=f"python3 {script}")
    mgx.until("[d]etach")
    mgx.type("e\n")
    mgx.until("Write it well")
    mgx.until("[d]etach")
    mgx.type("y\n")
    assert mgx.end() == 0
    (run,) = server.runs.values()
    assert (run["plan"]["steps"][0]["title"], run["plan_version"]) == ("Write it well", 2)


@pytest.mark.parametrize("keys", ["d\n", "\x04"])
def test_detaching_from_the_question_leaves_it_open(terminal: Start, server: Standin, keys: str) -> None:
    mgx = terminal("task", "x")
    mgx.until("[d]etach")
    mgx.type(keys)
    assert mgx.end() == 4
    assert "mgx approve" in mgx.seen
    assert [run["status"] for run in server.runs.values()] == ["awaiting_approval"]


def test_a_plan_that_somebody_else_decided_is_not_asked_twice(terminal: Start, server: Standin) -> None:
    mgx = terminal("task", "x")
    mgx.until("[d]etach")
    (run,) = server.runs.values()
    server.carry_out(run)
    mgx.type("n\n")
    mgx.until("already decided")
    assert mgx.end() == 0


@pytest.mark.parametrize("text", ["x", "hang"])
def test_ctrl_c_detaches_and_says_how_to_come_back(terminal: Start, server: Standin, text: str) -> None:
    mgx = terminal("task", text)
    mgx.until("reading the task" if text == "hang" else "[d]etach")
    mgx.type("\x03")
    assert mgx.end() == 130
    (run,) = server.runs
    assert f"mgx attach {run[:13]}" in mgx.seen
    assert "Traceback" not in mgx.seen


def test_json_never_asks(terminal: Start) -> None:
    mgx = terminal("task", "x", "--json")
    assert mgx.end() == 4
    assert "[d]etach" not in mgx.seen


def test_colour_only_where_it_is_wanted(terminal: Start, mgx: Mgx) -> None:
    run = mgx("task", "x", "--yes", "--no-follow").stdout.strip()
    for arguments, environment, coloured in (
        (("status", run), {}, True),
        (("status", run), {"NO_COLOR": "1"}, False),
        (("status", run), {"TERM": "dumb"}, False),
        (("--no-color", "list"), {}, False),
        (("attach", run), {"NO_COLOR": "1"}, False),
    ):
        screen = terminal(*arguments, **environment)
        assert screen.end() == 0
        assert ("\x1b[32" in screen.seen) is coloured, (arguments, environment)
        assert ("[1m" in screen.seen) is coloured, (arguments, environment)


def test_a_diff_on_a_terminal_is_cleaned(terminal: Start, mgx: Mgx) -> None:
    run = mgx("task", "x", "--yes", "--no-follow").stdout.strip()
    screen = terminal("diff", run)
    assert screen.end() == 0
    assert "\x1b[32m+b" in screen.seen
    assert "\x1b[31m\r\n" not in screen.seen


def test_login_with_a_password_keeps_an_api_token_only(terminal: Start, server: Standin, bare_env: dict[str, str]) -> None:
    mgx = terminal("login", "--server", server.url, "--user", "ada")
    mgx.until("Password of ada")
    mgx.type("secret phrase\n")
    assert mgx.end() == 0
    assert "Signed in" in mgx.seen
    assert "secret phrase" not in mgx.seen
    assert server.bodies("/api/auth/token") == [{"username": "ada", "password": "secret phrase"}]
    kept = Path(bare_env["XDG_CONFIG_HOME"], "mgx", "config.toml").read_text()
    assert TOKEN in kept
    assert "secret phrase" not in kept


def test_a_narrow_terminal_breaks_at_words_below_the_words(terminal: Start, mgx: Mgx) -> None:
    run = mgx("task", "x", "--yes", "--no-follow").stdout.strip()
    screen = terminal("attach", run, COLUMNS="50", NO_COLOR="1")
    assert screen.end() == 0
    events = [line for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.seen).splitlines() if line.startswith(" " * 21)]
    assert events
    assert all(len(line) <= 50 for line in events)


def test_a_wrong_password_is_said(terminal: Start, server: Standin) -> None:
    mgx = terminal("login", "--server", server.url, "--user", "ada")
    mgx.until("Password of ada")
    mgx.type("wrong\n")
    assert mgx.end() == 5
    assert "Wrong username or password for 'ada'" in mgx.seen
    assert "Sign in with" not in mgx.seen


def test_a_long_diff_is_shown_in_the_pager(terminal: Start, mgx: Mgx, server: Standin) -> None:
    run = mgx("task", "x", "--yes", "--no-follow").stdout.strip()
    server.diff = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1,60 @@\n" + b"+line\n" * 60
    for pager, paged in (("sed s/line/PAGED/", True), ("cat", False), ("no-such-pager", False)):
        shown = terminal("diff", run, MGX_PAGER=pager, LINES="24")
        assert shown.end() == 0
        assert ("PAGED" in shown.seen) == paged and ("+line" in shown.seen) != paged
