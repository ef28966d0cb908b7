"""`mgx setup`, `member`, `user`, `usage` and `audit`, and what is said beside budgets, mgx.yaml and completions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import Mgx, leaves
from tests.cli.standin import DIFF, INVITATION, SETUP_TOKEN, TOKEN, Standin

CHECKOUT = Path(__file__).resolve().parents[2]
UNSET = {"MGX_SERVER": None, "MGX_TOKEN": None}


def test_a_new_server_is_set_up_and_signed_in_to(mgx: Mgx, server: Standin, home: Path) -> None:
    secrets = f"{SETUP_TOKEN}\ncorrect horse battery\n"
    wrong = mgx("setup", "--server", server.url, "--secrets-stdin", input="x\ncorrect horse battery\n", **UNSET)
    assert (wrong.returncode, wrong.stdout) == (5, "") and "setup token" in wrong.stderr
    names = ("--user", "ada", "--workspace-name", "Shop Team!")
    done = mgx("setup", "--server", server.url, *names, "--secrets-stdin", input=secrets, **UNSET)
    assert (done.returncode, done.stdout) == (0, "shop-team\n"), done.stderr
    assert server.bodies("/api/setup")[-1] == {
        "token": SETUP_TOKEN, "username": "ada", "password": "correct horse battery", "email": "",
        "workspace_name": "Shop Team!", "workspace_slug": "shop-team",
    }  # fmt: skip
    assert "mgx user invite" in done.stderr and "correct horse" not in done.stderr + done.stdout
    stored = (home / "config/mgx/config.toml").read_text()
    assert TOKEN in stored and server.url in stored and "correct horse" not in stored
    assert mgx("whoami", **UNSET).returncode == 0
    assert mgx("setup", **UNSET).returncode == 2
    assert mgx("setup", "--server", "http://mgx.example.com", **UNSET).returncode == 5, "not unencrypted"


def test_members_are_listed_changed_and_removed(mgx: Mgx, server: Standin) -> None:
    assert "ada" in mgx("member", "list").stdout
    assert mgx("user", "invite", "--role", "viewer").stdout == f"{INVITATION}\n"
    bob = "bob\x1b[31m"
    changed = mgx("member", "role", bob, "admin", "--json")
    assert json.loads(changed.stdout)["role"] == "admin", changed.stderr
    assert mgx("member", "role", "eve", "admin").returncode == 5
    assert mgx("member", "remove", bob).returncode == 2
    assert mgx("member", "remove", bob, "--yes").returncode == 0
    assert [method for method, _, _, _ in server.requests if method in ("PATCH", "DELETE")] == ["PATCH", "DELETE"]


def test_what_waits_for_a_person_is_listed_with_the_command_that_continues_it(mgx: Mgx, server: Standin, repo: Path) -> None:
    assert "Nothing waits for you." in mgx("notification").stderr
    plan, question, budget, storage, review, over = (
        mgx("task", text, *more, "--no-follow").stdout.strip()
        for text, *more in (("x",), ("ask", "--yes"), ("budget", "--yes"), ("y",), ("review", "--yes"), ("z", "--yes"))
    )
    server.runs[storage].update(status="paused", pause_reason="storage")
    for run, status in ((plan, "awaiting_approval"), (review, "awaiting_changes"), (over, "completed")):
        server.runs[run]["status"] = status
    for run, reason in ((question, "question"), (budget, "budget")):
        server.runs[run].update(status="paused", pause_reason=reason)
    told = mgx("notification")
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in told.stdout.splitlines()[1:]}
    assert told.returncode == 0 and len(lines) == 4, told.stdout
    by_run = {run: (name, line) for name, line in lines.items() for run in server.runs if run.startswith(name)}
    assert set(by_run) == {plan, question, budget, review}
    for run, state, command in (
        (plan, "awaiting approval", "mgx approve {}"), (question, "paused (question)", 'mgx resume {} -m "your answer"'),
        (budget, "paused (budget)", "mgx resume {}"), (review, "awaiting changes", "mgx changes {}"),
    ):  # fmt: skip
        name, line = by_run[run]
        assert line.startswith(state) and command.format(name) in line, line
    assert {run["id"] for run in json.loads(mgx("notification", "--json").stdout)["items"]} == set(by_run)
    newest = json.loads(mgx("notification", "--json", "-n", "2").stdout)["items"]
    assert [run["id"] for run in newest] == [review, budget], "what goes on by itself takes no place of what waits"


def test_usage_and_audit_are_tables_and_documents(mgx: Mgx) -> None:
    used = mgx("usage")
    assert used.stdout.splitlines()[1].split() == ["2026-11-22", "1", "4", "1", "1,200", "300", "$0.0123"]
    assert used.stdout.splitlines()[2].startswith("total") and "2 calls have no price" in used.stderr
    assert json.loads(mgx("usage", "--json").stdout)["totals"]["calls"] == 4
    told = mgx("audit")
    assert told.stdout.splitlines()[1].split() == [
        "2026-11-22",
        "12:00:00",
        "account:octocat",
        "192.0.2.7",
        "member.joined",
        "role:",
        "viewer",
    ]
    assert json.loads(mgx("audit", "--json").stdout)["items"][0]["action"] == "member.joined"


def test_the_audit_log_is_exported_as_lines_and_an_incomplete_export_fails(mgx: Mgx) -> None:
    told = mgx("audit", "--export")
    assert [json.loads(line)["action"] for line in told.stdout.splitlines()] == ["member.joined"]
    cut = mgx("audit", "--export", "--action", "cut.off")
    assert cut.returncode != 0
    assert "not complete" in cut.stderr


def test_a_budget_in_money_warns_of_a_model_without_a_price(mgx: Mgx) -> None:
    assert "has no price" not in mgx("budget", "create", "--max-cost-usd", "20").stderr
    mgx("model", "create", "main", "--model", "x", "--price-in", "1", "--price-out", "2")
    assert "has no price" not in mgx("budget", "create", "--max-cost-usd", "20").stderr
    mgx("model", "create", "bare", "--model", "y")
    warned = mgx("budget", "create", "--max-cost-usd", "20")
    assert warned.returncode == 0 and "bare has no price" in warned.stderr and "mgx model update bare" in warned.stderr
    assert "has no price" not in mgx("budget", "create", "--max-tokens", "20").stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stak: fastapi", "'stak' is not known and has no effect. Did you mean stack?"),
        ("workflows: {tidy: {task: x, constraint: []}}", "workflow tidy: the key 'constraint' is not known"),
        ("nothing_like_it: 1", "Known keys: project, stack"),
        ("stack: fastapi\ncommands: {test: pytest}\nparts: {web: {test: pnpm test}}\nalways_ask: true", ""),
    ],
)
def test_a_typing_error_in_mgx_yaml_is_named(mgx: Mgx, repo: Path, text: str, said: str) -> None:
    (repo / "mgx.yaml").write_text(text)
    done = mgx("list")
    assert done.returncode == 0
    assert said in done.stderr and ("not known" in done.stderr) == bool(said)


def test_a_diff_in_numbers(mgx: Mgx, server: Standin, repo: Path) -> None:
    run = mgx("task", "x", "--yes", "--no-follow").stdout.strip()
    done = mgx("diff", run, "--stat")
    assert (done.stdout, done.stderr) == ("x  +1 −1\n", "1 file, +1 −1\n")
    assert json.loads(mgx("diff", run, "--stat", "--json").stdout)["files"] == [{"path": "x", "added": 1, "removed": 1}]
    (repo / "docs").mkdir()
    assert mgx("diff", run, "--stat", cwd=repo / "docs").stdout == done.stdout
    server.diff = (
        DIFF
        + b"diff --git a/logo b/logo\nnew file mode 100644\nindex 0000000..1111111\nBinary files /dev/null and b/logo differ\n"
    )
    assert mgx("diff", run, "--stat").stdout == "x     +1 −1\nlogo  binary\n"
    server.diff = b""
    assert mgx("diff", run, "--stat").stdout == ""


def completed(mgx: Mgx, *words: str, **environment: str | None) -> str:
    """What fish is given for the last of the words: lines of a value, a tab and a text."""
    asked = {
        "_MGX_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_ARGS": " ".join(["mgx", *words]),
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    return mgx(**asked, **environment).stdout


def test_the_shell_completes_names_of_the_server(mgx: Mgx, server: Standin) -> None:
    run = mgx("task", "Health check", "--no-follow").stdout.strip()
    mgx("model", "create", "main", "--model", "x")
    assert run[:13] in completed(mgx, "status", "") and "Health check" in completed(mgx, "status", "")
    assert completed(mgx, "logs", run[:4]).startswith(run[:13]) and "@last" not in completed(mgx, "logs", run[:4])
    stacks = completed(mgx, "task", "x", "--stack", "f")
    assert "fastapi" in stacks and "none" not in stacks
    assert "main" in completed(mgx, "task", "x", "--model", "") and "main" in completed(mgx, "model", "show", "")
    assert "default" in completed(mgx, "project", "show", "d")
    assert completed(mgx, "status", "", MGX_SERVER="http://127.0.0.1:9").strip() == ""
    for shell in ("bash", "zsh", "fish", "powershell", "pwsh"):
        assert "_MGX_COMPLETE" in mgx("completion", shell).stdout, shell


def test_the_shell_is_given_nothing_that_it_could_evaluate(mgx: Mgx, server: Standin) -> None:
    """A text loses what is more than words; a value that has it is not offered."""
    evil = ("$(touch x)", "\\$(touch x)", "`touch x`", '\\"; touch x')
    mgx("task", f"Health {' '.join(evil)} check", "--no-follow")
    for name in (*(f"main{each}" for each in evil), "main-2"):
        mgx("model", "create", "--model", "x", "--", name)
    assert len(server.models) == len(evil) + 1
    runs, models = completed(mgx, "status", ""), completed(mgx, "model", "show", "")
    assert "Health " in runs and "main-2" in models and len(models.splitlines()) == 1
    assert not set("$`\"'\\();") & set(runs + models), runs + models


def test_every_command_prints_json_by_a_published_schema(mgx: Mgx, server: Standin, repo: Path) -> None:
    document = json.loads((CHECKOUT / "docs/cli.schema.json").read_text("utf-8"))
    published = {name for name in document["properties"] if name != "error"}
    assert {" ".join(path) for path, command in leaves() if has_json(command)} == published
    assert {" ".join(path) for path, command in leaves() if not has_json(command)} == {"completion", "help"}

    def fits(name: str, *arguments: str) -> None:
        done = mgx(*name.split(), *arguments, "--json")
        schema = {"$ref": "#/$defs/it", "$defs": {**document["$defs"], "it": document["properties"][name]}}
        Draft202012Validator(schema).validate(json.loads(done.stdout))

    run = mgx("task", "x", "--yes", "--no-follow").stdout.strip()
    server.diff = b"diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-hello\n+world\n"
    fits("diff", run)
    fits("diff", run, "--stat")
    fits("apply", run)
    fits("open", run)
    for name in ("version", "doctor", "config list", "usage", "audit", "notification"):
        fits(name)
    fits("config set", "workspace", "default")
    fits("config get", "workspace")
    fits("init")
    fits("logout")
    fits("member remove", "ada", "--yes")


def test_an_error_is_json_by_the_schema_too(mgx: Mgx) -> None:
    document = json.loads((CHECKOUT / "docs/cli.schema.json").read_text("utf-8"))
    Draft202012Validator(document["properties"]["error"]).validate(json.loads(mgx("status", "ffffffff", "--json").stdout))


def has_json(command: Any) -> bool:
    return any("--json" in getattr(parameter, "opts", ()) for parameter in command.params)
