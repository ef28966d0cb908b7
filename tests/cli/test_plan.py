"""The plan that a person decides on, in every width, and their own words in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mgx_cli import plan_markdown
from mgx_cli.errors import UsageError
from mgx_cli.render import plain, plan_lines
from mgx_cli.wrap import wrapped

from tests.cli.conftest import Mgx, Terminal
from tests.cli.standin import PLAN, TOKEN, Standin

LONG = {
    **PLAN,
    "summary": "Add a health endpoint that says whether the database answers, and how long that took it to do so.",
    "steps": [
        {"title": "Write the route and the check that it makes of the database", "kind": "create",
         "files": ["app/main.py", "app/health/database.py", "app/health/a_module_with_a_very_long_name_that_no_line_holds.py"],
         "why": "main.py declares every route there is, and the check belongs to no module that exists so far"},
    ],
}  # fmt: skip


@pytest.fixture
def run_id(mgx: Mgx) -> str:
    return mgx("task", "health", "--no-follow").stdout.strip()


def test_a_plan_says_why_asks_and_says_what_its_estimate_rests_on(mgx: Mgx, run_id: str) -> None:
    shown = mgx("plan", run_id)
    assert shown.returncode == 0
    assert shown.stdout.splitlines() == [
        "Plan  Add a health endpoint",
        "  1. Write the route",
        "     app/main.py",
        "     why  all routes are declared there",
        "  risk      none worth naming",
        "  tests     pytest with the test client",
        "  question  Should it check the database, too? The plan assumes not.",
        "  estimate  1,200 tokens, $0.01, about 30 s (from 12 earlier runs)",
    ]
    assert "mgx approve" in shown.stderr
    assert json.loads(mgx("plan", run_id, "--json").stdout) == PLAN


def test_an_older_plan_is_shown_as_it_is() -> None:
    old = {"summary": "s", "steps": [{"title": "t", "files": ["a"]}], "estimate": {"tokens": 5}}
    assert [plain(line) for line in plan_lines(old)] == ["Plan  s", "  1. t", "     a", "  estimate  5 tokens"]
    unpriced = {**old, "estimate": {"tokens": 5, "cost_usd": None, "seconds": 300, "basis": "a rough guess"}}
    assert plain([*plan_lines(unpriced)][-1]) == "  estimate  5 tokens, cost unknown, about 5 min (a rough guess)"


@pytest.mark.parametrize("width", [40, 60, 100])
def test_a_plan_is_broken_at_words_below_the_words(width: int) -> None:
    parts = [plain(part) for line in plan_lines(LONG) for part in wrapped(line, width)]
    whole = " ".join(" ".join(plain(line) for line in plan_lines(LONG)).split())
    assert " ".join(" ".join(parts).split()) == whole, "no word is lost or broken"
    assert [part for part in parts if len(part) > width and "very_long_name" not in part] == []
    why = next(n for n, part in enumerate(parts) if part.startswith("     why  "))
    if width < 100:
        assert parts[why + 1].startswith(" " * 10 + parts[why + 1].strip()[:3])


def test_status_on_a_narrow_terminal_breaks_at_words(terminal: Callable[..., Terminal], run_id: str) -> None:
    shown = terminal("status", run_id, COLUMNS="44", NO_COLOR="1")
    assert shown.end() == 0
    lines = shown.seen.replace("\r", "").splitlines()
    at = lines.index("  question  Should it check the database,")
    assert lines[at + 1] == "            too? The plan assumes not."


def editor(tmp_path: Path, code: str) -> str:
    script = tmp_path / "editor.py"
    script.write_text(f"import sys, pathlib\nfile = pathlib.Path(sys.argv[1])\ntext = file.read_text()\n{code}\n")
    return f"python3 '{script}'"


def test_an_edited_plan_is_sent(mgx: Mgx, server: Standin, run_id: str, tmp_path: Path) -> None:
    ours = editor(tmp_path, "file.write_text(text.replace('Write the route', 'Write the route with care'))")
    shown = mgx("plan", run_id, "--edit", EDITOR=ours)
    assert "Write the route with care" in shown.stdout, shown.stderr
    assert "Plan (version 2)" in shown.stdout
    assert server.runs[run_id]["plan"]["questions"] == PLAN["questions"]


def test_a_plan_that_somebody_else_edited_meanwhile_is_not_overwritten(
    mgx: Mgx, server: Standin, run_id: str, tmp_path: Path
) -> None:
    theirs = {**PLAN, "summary": "Bob's plan"}
    call = f"import urllib.request as r; r.urlopen(r.Request({server.url + '/api/runs/' + run_id!r}, method='PATCH', "
    call += f"data={json.dumps({'plan': theirs}).encode()!r}, headers={{'Authorization': 'Bearer {TOKEN}'}}))"
    ours = editor(tmp_path, f"{call}\nfile.write_text(text.replace('Write the route', 'Mine'))")
    refused = mgx("plan", run_id, "--edit", EDITOR=ours)
    assert (refused.returncode, server.runs[run_id]["plan"]) == (1, theirs)
    assert "bob edited the plan" in refused.stderr
    kept = Path(refused.stderr.split("Your text is in ")[1].split()[0])
    assert "Mine" in kept.read_text()
    kept.unlink()


def test_nothing_changed_is_nothing_sent(mgx: Mgx, server: Standin, run_id: str, tmp_path: Path) -> None:
    assert "was not changed" in mgx("plan", run_id, "--edit", EDITOR=editor(tmp_path, "")).stderr
    assert (
        "was not changed" in mgx("plan", run_id, "--edit", EDITOR=editor(tmp_path, "file.write_text('x'); sys.exit(1)")).stderr
    )
    assert not [request for request in server.requests if request[0] == "PATCH"]
    missing = mgx("plan", run_id, "--edit", EDITOR="no-such-editor")
    assert (missing.returncode, "Set EDITOR" in missing.stderr) == (2, True)


@pytest.mark.parametrize(
    "written", ["{", '{"summary": ""}', "# Summary\n\n## Stepz\n", "# S\n\n## Steps\n\nwhat?\n", "no heading"]
)
def test_what_is_refused_is_not_lost(mgx: Mgx, run_id: str, tmp_path: Path, written: str) -> None:
    refused = mgx("plan", run_id, "--edit", EDITOR=editor(tmp_path, f"file.write_text({written!r})"))
    assert refused.returncode == 2
    kept = Path(refused.stderr.split("Your text is in ")[1].split()[0])
    assert kept.read_text() == written
    again = mgx("plan", run_id, "--file", str(kept))
    assert again.returncode == 2
    kept.write_text("# Ours\n\n## Steps\n\n1. Write it\n   - files: a.py, b/c.py\n   - kind: create\n\n## Tests\n\npytest\n")
    assert mgx("plan", run_id, "--file", str(kept)).stdout.splitlines()[:3] == [
        "Plan (version 2)  Ours",
        "  1. Write it",
        "     a.py, b/c.py",
    ]
    kept.unlink()


def test_only_a_plan_that_waits_can_be_edited(mgx: Mgx, run_id: str) -> None:
    mgx("approve", run_id)
    assert mgx("plan", run_id).returncode == 0
    refused = mgx("plan", run_id, "--edit")
    assert (refused.returncode, "is completed" in refused.stderr) == (8, True)
    early = mgx("task", "hang", "--no-follow").stdout.strip()
    assert "has no plan yet" in mgx("plan", early).stderr


WHOLE = {
    **PLAN,
    "steps": [*PLAN["steps"], {"title": "Second: `x` #2", "files": [], "kind": "test", "why": "", "extra": 1}],
    "risks": [{"title": "slow", "severity": "low"}, "a - b: c"],
    "project": {"facts": ["Python"], "commands": [
        {"directory": "", "ecosystem": "python", "kind": "test", "command": "pytest -q", "evidence": "CI"},
        {"directory": "web", "ecosystem": "", "kind": "test", "command": "pnpm test: all", "evidence": "CI"},
    ]},
}  # fmt: skip


@pytest.mark.parametrize(
    "plan", [PLAN, WHOLE, {"summary": "s", "steps": []}, {"summary": "s", "steps": [{"title": "t", "files": ["a"]}]}]
)
def test_a_plan_comes_back_from_markdown_as_it_was(plan: dict[str, Any]) -> None:
    def named(found: dict[str, Any]) -> dict[str, Any]:
        """A step without kind or why is one with empty ones."""
        return {**found, "steps": [{"kind": "modify", "why": "", **step} for step in found["steps"]]}

    assert named(plan_markdown.read(plan_markdown.written(plan), plan)) == named(plan)


def test_what_a_person_changes_in_markdown_is_changed_and_nothing_else() -> None:
    text = (
        plan_markdown.written(WHOLE)
        .replace("pytest -q", "pytest -x")
        .replace("- slow", "- slower")
        .replace("kind: test", "kind: docs")
    )
    read = plan_markdown.read(text, WHOLE)
    assert [row["command"] for row in read["project"]["commands"]] == ["pytest -x", "pnpm test: all"]
    assert read["risks"] == ["slower", "a - b: c"] and read["steps"][1] == {**WHOLE["steps"][1], "kind": "docs"}
    assert {name: read[name] for name in ("estimate", "questions", "summary")} == {
        name: WHOLE[name] for name in ("estimate", "questions", "summary")
    }
    for wrong, said in (("kind: docs", "kind: dance"), ("- test in web", "- test in wep"), ("## Risks", "## Risk")):
        with pytest.raises(UsageError, match=r"line \d+: "):
            plan_markdown.read(text.replace(wrong, said), WHOLE)
