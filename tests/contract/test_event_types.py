"""An event type is declared where a newcomer looks for it: in `events` of the application that records it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from agent.projects import ProjectFiles
from agent.projects.detect import detect
from agent.projects.in_plan import in_plan
from workspaces.event_registry import SCHEMAS, EventData, owner_of, register, validated

CHECKOUT = Path(__file__).resolve().parents[2]
APPLICATIONS = ("workspaces", "projects", "tasks", "repositories", "runs", "metrics")
RECORDS_FOR = {**{name: name for name in APPLICATIONS}, "agent": "runs"}
"""Package → application whose events it records. The agent has no database: a run records what it emits."""
RECORDERS = {"record", "Draft", "StepEvent", "emit"}
"""Functions and classes that are given an event type."""


def sources(package: str) -> list[Path]:
    return [path for path in sorted((CHECKOUT / package).rglob("*.py")) if "starters" not in path.parts]


@cache
def parts(path: Path) -> tuple[list[tuple[str, ast.Call]], set[str]]:
    """(Calls that are given an event type, with their place; all constants), of a file that several tests ask about."""
    calls: list[tuple[str, ast.Call]] = []
    constants = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant):
            constants.add(str(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in RECORDERS:
            calls.append((f"{path.relative_to(CHECKOUT)}:{node.lineno}", node))
    return calls, constants


def calls(package: str) -> list[tuple[str, ast.Call]]:
    return [call for path in sources(package) for call in parts(path)[0]]


def named_types(call: ast.Call) -> set[str]:
    """The types that the call names itself: by keyword, or in its first argument, or in the one after the run."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "type"] + call.args[:2]
    named = next((argument for argument in given if isinstance(argument, ast.Constant | ast.IfExp)), None)
    parts = ast.walk(named) if named is not None else ()
    return {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def test_each_type_is_declared_in_events_of_an_application() -> None:
    modules = {name: schema.__module__.split(".")[:2] for name, schema in SCHEMAS.items()}
    assert {name: module for name, module in modules.items() if module[0] not in APPLICATIONS or module[1] != "events"} == {}


@pytest.mark.parametrize("package", RECORDS_FOR)
def test_an_application_records_only_its_own_types(package: str) -> None:
    wrong = [
        f"{where}: {name}"
        for where, call in calls(package)
        for name in sorted(named_types(call))
        if name not in SCHEMAS or owner_of(name) != RECORDS_FOR[package]
    ]
    assert wrong == []


def test_each_type_is_recorded_by_the_application_that_declares_it() -> None:
    """So a schema doesn't outlive the event. The type may be chosen a few lines above the call: any use of its name counts."""
    used: dict[str, set[str]] = {name: set() for name in APPLICATIONS}
    for package, application in RECORDS_FOR.items():
        for path in sources(package):
            if path.relative_to(CHECKOUT).parts[1] not in {"events", "events.py"}:
                used[application] |= parts(path)[1]
    assert [name for name in SCHEMAS if name not in used[owner_of(name)]] == []


def test_most_calls_name_their_type() -> None:
    """So the tests above see something."""
    seen = {name for package in RECORDS_FOR for _, call in calls(package) for name in named_types(call)}
    assert len(seen) > len(SCHEMAS) * 0.8


def test_a_type_is_registered_once() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"'paused' is registered twice: by runs\.events\.lifecycle\.Stopped"):

        @register("paused")
        class Second(EventData):
            pass


def test_an_event_that_nobody_registered_is_not_written() -> None:
    with pytest.raises(LookupError, match=r"'no_such_type' is not registered: give it a schema in"):
        validated("no_such_type", {})


def test_a_plan_for_two_languages_in_one_directory_can_be_told() -> None:
    """Its commands say that they share their directory (``agent.projects.in_plan``)."""
    files = {
        "requirements.txt": "pytest\n",
        "tests/test_shop.py": "def test_shop(): ...\n",
        "package.json": '{"scripts": {"test": "node --test"}}',
    }
    project = in_plan(detect(ProjectFiles.of(files)))
    assert any(entry.get("shared") for entry in project["commands"])
    told = validated("plan_ready", {"plan": {"summary": "x", "steps": [], "project": project}, "plan_version": 1})
    assert [entry["shared"] for entry in told["plan"]["project"]["commands"]] == [True] * len(project["commands"])
