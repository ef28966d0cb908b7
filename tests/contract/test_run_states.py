"""What a run state means is in one table (`runs/models/run_state.py`): it is complete, and nobody keeps a second one."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from mgx_cli import run_state as cli_run_state
from mgx_cli.errors import CLIError, ExitCode
from mgx_cli.main import SECTIONS

from runs.actors import PHASES
from runs.admin.live import next_step
from runs.admin.run import LABELS, TaskRunAdmin, action_of
from runs.models import TaskRun
from runs.models.run_state import (
    ALWAYS_POSSIBLE,
    CLAIMABLE,
    FINAL,
    STATES,
    WAITING_FOR_PEOPLE,
    RunAction,
    RunOutcome,
    RunPhase,
    Status,
    Tone,
)
from runs.notifications import status_comment_body
from runs.serializers import STATE_JSON, StateSerializer
from tasks.models import Task

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "metrics", "mgx_project", "projects", "repositories", "runs", "tasks", "workspaces")
TABLE = "runs/models/run_state.py"
NAME_A_STATE = {
    "metrics/prometheus.py": "how long queued runs have waited",
    "runs/models/run.py": "the state of a new run, and the index of completed ones",
    "runs/services.py": "a new run is queued, and so many may be",
    "runs/lifecycle/base.py": "the acts that change a state",
    "runs/phases/deliver.py": "the phase whose events a tree is made again with",
    "runs/lifecycle/change_review.py": "the acts that change a state",
    "runs/lifecycle/plan_again.py": "the acts that change a state",
    "runs/lifecycle/room_returns.py": "the acts that change a state",
    "runs/lifecycle/self_resume.py": "the acts that change a state",
    "runs/lifecycle/store_returns.py": "the acts that change a state",
    "runs/lifecycle/user_decisions.py": "the acts that change a state",
    "runs/lifecycle/worker_deaths.py": "the acts that change a state",
    "runs/lifecycle/worker_transitions.py": "the acts that change a state",
}
"""The modules that may name a single state, and why. None has a table of them."""
OTHERS_WORDS = {"approved", "cancelled", "completed", "failed", "paused", "queued", "rejected"}
"""Names of states that mean other things too: of tests, checks, hunks and events."""


# every row is complete


def test_every_state_has_a_row() -> None:
    assert list(STATES) == list(Status)


@pytest.mark.parametrize("status", Status)
def test_a_state_is_worked_on_or_waits_for_a_person_or_is_final(status: Status) -> None:
    """And is one of these alone: what is neither would stay for ever."""
    assert [status in CLAIMABLE, status in WAITING_FOR_PEOPLE, status in FINAL].count(True) == 1


@pytest.mark.parametrize("status", Status)
def test_the_task_shows_what_its_run_does(status: Status) -> None:
    ends = {
        RunOutcome.SUCCEEDED: Task.Status.COMPLETED,
        RunOutcome.FAILED: Task.Status.FAILED,
        RunOutcome.STOPPED: Task.Status.CANCELLED,
    }
    state = STATES[status]
    going_on = Task.Status.WAITING if state.waits_for_person else Task.Status.RUNNING
    assert state.task == (going_on if state.outcome is None else ends[state.outcome])


@pytest.mark.parametrize("status", Status)
def test_a_state_tells_a_person_what_to_do_or_what_happens(status: Status) -> None:
    state, run = STATES[status], TaskRun(status=status, run_number=3)
    assert status.label and state.next.endswith(".") and next_step(run).endswith(".")
    assert state.comment.format(reason="budget", error="It is spent.", answer="`/mgx resume`", result="main", page="/")
    assert status_comment_body.status(run).startswith("**Run #3** ")
    assert bool(status_comment_body.news(run)) == bool(state.notice)


def test_a_state_that_needs_a_person_tells_them_in_a_comment_of_its_own() -> None:
    """An edited comment notifies nobody."""
    notices = [STATES[status].notice for status in Status if STATES[status].notice]
    assert len(set(notices)) == len(notices), "their keys tell them apart"
    assert all(STATES[status].notice for status in WAITING_FOR_PEOPLE)


def test_every_state_but_the_first_can_be_entered() -> None:
    entered = {successor for state in STATES.values() for successor in state.successors}
    assert set(Status) - entered == {Status.QUEUED}


def test_a_final_state_leads_nowhere_and_any_other_one_can_be_cancelled_and_fail() -> None:
    for status, state in STATES.items():
        assert state.successors == frozenset() if status in FINAL else state.successors >= ALWAYS_POSSIBLE, status


def test_a_claim_enters_a_state_that_may_follow_and_has_the_same_work() -> None:
    for state in STATES.values():
        if state.claimed_as is not None:
            assert state.claimed_as in state.successors
            assert STATES[state.claimed_as].phase is state.phase is not None


def test_each_phase_has_its_function_and_each_tone_its_colour() -> None:
    assert set(PHASES) == set(RunPhase)
    assert {status for status, state in STATES.items() if state.tone is not Tone.IDLE} == set(LABELS)


# what surfaces make of it


def test_each_action_is_a_button_of_the_page_and_a_command_of_the_cli() -> None:
    assert {action_of(name) for name in TaskRunAdmin.actions_detail} == set(RunAction)
    assert set(RunAction) <= set(SECTIONS["Runs"])


@pytest.mark.parametrize("status", Status)
def test_the_api_says_of_a_state_what_its_schema_says(status: Status) -> None:
    assert list(STATE_JSON[status]) == list(StateSerializer().fields)


def test_the_cli_ends_by_what_the_server_says_of_the_state() -> None:
    ends = {status: cli_run_state.exit_code({"status": status, "state": STATE_JSON[status]}) for status in Status}
    assert {status for status, code in ends.items() if code is None} == CLAIMABLE
    assert {status for status, code in ends.items() if code == ExitCode.DONE} == {Status.COMPLETED}
    assert {status for status, code in ends.items() if code == ExitCode.STOPPED} == {Status.REJECTED, Status.CANCELLED}
    assert ends[Status.AWAITING_APPROVAL] == ends[Status.AWAITING_CHANGES] == ExitCode.WAITING
    assert ends[Status.FAILED] == ends[Status.PAUSED] == ExitCode.FAILED


def test_the_cli_follows_a_state_that_it_never_heard_of() -> None:
    state = {**STATE_JSON[Status.PAUSED], "label": "Held", "next": "Release it.", "next_actions": ["release"]}
    run = {"status": "held", "state": state}
    assert cli_run_state.waits_for_person(run) and not cli_run_state.is_final(run)
    assert cli_run_state.next_commands(run, "01a2056e") == ["mgx release 01a2056e"]
    assert cli_run_state.exit_code(run) == ExitCode.WAITING


def test_the_cli_says_that_a_server_is_too_old() -> None:
    with pytest.raises(CLIError, match="older than this mgx"):
        cli_run_state.label({"status": "planning"})


# nobody has a second table


def modules() -> Iterator[tuple[str, ast.Module]]:
    listed = subprocess.run(["git", "ls-files", "-z", *PACKAGES], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split("\0"):
        if name.endswith(".py") and "/migrations/" not in name and name != TABLE:
            yield name, ast.parse((CHECKOUT / name).read_text("utf-8"))


def named(node: ast.AST, name_of_status: set[str]) -> bool:
    """Whether ``node`` is ``Status.QUEUED`` or another one of the members."""
    if not isinstance(node, ast.Attribute) or node.attr not in Status.__members__:
        return False
    return ast.unparse(node.value) in {*name_of_status, "run_state.Status"}


def names_of_status(tree: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("run_state")
        for alias in node.names
        if alias.name == "Status"
    }


def spelled(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value in Status.values


def tables(tree: ast.Module) -> Iterator[int]:
    """Lines of dicts, sets, lists, tuples and matches that go through states."""
    names = names_of_status(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            parts: list[ast.expr] = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Set | ast.List | ast.Tuple):
            parts = node.elts
        elif isinstance(node, ast.Match):
            values = [part for case in node.cases for part in ast.walk(case.pattern) if isinstance(part, ast.MatchValue)]
            parts = [value.value for value in values]
        else:
            continue
        if sum(named(part, names) for part in parts) > 1 or (len(parts) > 1 and all(spelled(part) for part in parts)):
            yield node.lineno


def comparisons(tree: ast.Module) -> Iterator[int]:
    """Lines that compare something called a status with the text of a state, or look for it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            about = any("status" in ast.unparse(side) for side in sides if not spelled(side))
            if about and any(spelled(side) for side in sides):
                yield node.lineno
        elif isinstance(node, ast.keyword) and (node.arg or "").endswith("status") and spelled(node.value):
            yield node.value.lineno


def test_only_what_changes_a_state_names_one() -> None:
    found = set()
    for name, tree in modules():
        names = names_of_status(tree)
        if any(named(node, names) for node in ast.walk(tree)):
            found.add(name)
    assert found == set(NAME_A_STATE)


def test_no_module_keeps_a_table_of_states() -> None:
    assert [f"{name}:{line}" for name, tree in modules() for line in tables(tree)] == []


def test_no_module_compares_a_status_with_the_text_of_a_state() -> None:
    lines = [f"{name}:{line}" for name, tree in modules() if name != "runs/models/run.py" for line in comparisons(tree)]
    assert lines == []


def test_no_page_and_no_script_of_a_page_names_a_state() -> None:
    listed = subprocess.run(["git", "ls-files", "-z", *PACKAGES], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    pages = [name for name in listed.stdout.split("\0") if name.endswith((".html", ".js"))]
    assert "runs/static/runs/live.js" in pages
    own = "|".join(set(Status.values) - OTHERS_WORDS)
    assert [name for name in pages if re.search(rf"""["']({own})["']""", (CHECKOUT / name).read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "from .models.run_state import Status\nTONES = {Status.QUEUED: 'info', Status.FAILED: 'danger'}",
        "from .models.run_state import Status as S\nWAITING = {S.AWAITING_APPROVAL, S.PAUSED}",
        "OVER = frozenset({'completed', 'failed', 'rejected'})",
        "from runs.models import run_state\nNEXT = [run_state.Status.QUEUED, run_state.Status.PLANNING]",
        "from runs.models.run_state import Status\nmatch status:\n  case Status.QUEUED | Status.PLANNING: pass",
    ],
)
def test_a_second_table_would_be_found(source: str) -> None:
    assert list(tables(ast.parse(source)))


def test_a_comparison_would_be_found() -> None:
    assert list(comparisons(ast.parse("if run['status'] == 'paused': pass"))) == [1]
    assert list(comparisons(ast.parse("runs.filter(status='completed')"))) == [1]
    assert list(comparisons(ast.parse("if file['state'] == 'rejected': pass"))) == []
