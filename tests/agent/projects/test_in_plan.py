"""A person may change the commands of a plan; what they write is run, shown as theirs, and kept for the project."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.projects import ProjectCommand, ProjectPart, ProjectProfile
from agent.projects.in_plan import EDITED, as_approved, edited_commands, in_plan, mark_edits, refused_edits

TOP = ProjectPart(
    ecosystem="python", language="Python", runner="pytest", commands={"test": ProjectCommand(("pytest",), "tox.ini")}
)
WEB = ProjectPart("web", ecosystem="node", runner="vitest", commands={"test": ProjectCommand(("npm", "test"), "package.json")})
PROFILE = ProjectProfile((TOP, WEB))


def edited(line: str, directory: str = "") -> dict[str, Any]:
    project = in_plan(PROFILE)
    commands = [{**entry, "command": line} if entry["directory"] == directory else entry for entry in project["commands"]]
    return {"project": {**project, "commands": commands}}


def test_a_plan_shows_each_command_with_its_evidence() -> None:
    project = in_plan(PROFILE)
    assert project["commands"] == [
        {"directory": "", "ecosystem": "python", "kind": "test", "command": "pytest", "evidence": "tox.ini"},
        {"directory": "web", "ecosystem": "node", "kind": "test", "command": "npm test", "evidence": "package.json"},
    ]
    assert "test: `pytest` (tox.ini)" in project["facts"]


def test_an_edited_command_is_run_in_a_shell_and_the_others_stay() -> None:
    approved = as_approved(PROFILE, edited("make check", "web"))
    assert approved.parts[0] == TOP
    assert approved.parts[1].test == ("sh", "-c", "make check")
    assert approved.parts[1].runner == ""  # who reports is not known any more


def test_the_runner_stays_where_the_new_command_names_it() -> None:
    assert as_approved(PROFILE, edited("python -m pytest -x tests/unit")).parts[0].runner == "pytest"


def test_an_unedited_plan_leaves_the_profile_as_it_is() -> None:
    assert as_approved(PROFILE, {"project": in_plan(PROFILE)}) == PROFILE


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "pytest",
        {"directory": "", "kind": "deploy", "command": "make deploy"},
        {"directory": "", "kind": "test", "command": 7},
        {"directory": "", "kind": "test", "command": "  "},
        {"directory": "", "kind": "test", "command": "a\0b"},
        {"directory": "", "kind": "test", "command": "x" * 1_001},
        {"directory": "elsewhere", "kind": "test", "command": "pytest"},
        {"directory": ["web"], "kind": "test", "command": "pytest"},
    ],
)
def test_an_entry_that_is_not_a_command_of_a_part_changes_nothing(entry: object) -> None:
    assert as_approved(PROFILE, {"project": {"commands": [entry]}}) == PROFILE


@pytest.mark.parametrize("plan", [{}, {"project": None}, {"project": []}, {"project": {"commands": "pytest"}}])
def test_a_plan_without_commands_changes_nothing(plan: dict[str, Any]) -> None:
    assert as_approved(PROFILE, plan) == PROFILE
    assert mark_edits({"project": in_plan(PROFILE)}, plan) == plan
    assert edited_commands(plan) == {}


def test_what_a_person_wrote_is_marked_and_can_be_kept() -> None:
    old = {"project": in_plan(PROFILE)}
    new = mark_edits(old, edited("pnpm test", "web"))
    assert [entry["evidence"] for entry in new["project"]["commands"]] == ["tox.ini", EDITED]
    assert edited_commands(new) == {"parts": {"web": {"test": "pnpm test"}}}
    again = mark_edits(new, {**new, "summary": "another"})  # a later edit of something else
    assert edited_commands(again) == {"parts": {"web": {"test": "pnpm test"}}}
    assert edited_commands(mark_edits(old, edited("tox -q"))) == {"test": "tox -q"}


def test_a_profile_survives_the_journal() -> None:
    assert ProjectProfile.from_json(PROFILE.to_json()) == PROFILE
    newer = {**PROFILE.to_json(), "unknown": 1}
    newer["parts"] = [{**part, "unknown": 1} for part in newer["parts"]]
    assert ProjectProfile.from_json(newer) == PROFILE


def test_a_file_belongs_to_the_innermost_part_of_its_language() -> None:
    both = replace(WEB, directory="")
    profile = ProjectProfile((TOP, both, replace(WEB, directory="web")))
    assert profile.part_of("src/a.py") == TOP
    assert profile.part_of("src/a.ts") == both
    assert profile.part_of("web/a.ts") == profile.parts[2]
    assert profile.part_of("README.md") == TOP


def test_the_tests_of_the_nearest_part_that_has_some_speak_for_a_file() -> None:
    silent = replace(WEB, directory="web/docs", commands={})
    profile = ProjectProfile((TOP, WEB, silent))
    assert profile.tested_by(["web/docs/a.ts"]) == [WEB]
    assert profile.tested_by(["a.py", "web/a.ts"]) == [TOP, WEB]
    assert profile.tested_by([]) == [TOP]


def test_a_member_is_not_tested_beside_a_workspace_that_tests_it_as_well() -> None:
    top = replace(WEB, directory="", members=("web",), tests_members=True)
    profile = ProjectProfile((top, WEB))
    assert profile.tested_by(["package.json", "web/a.ts"]) == [top]
    assert profile.tested_by(["web/a.ts"]) == [WEB]
    alone = ProjectProfile((replace(top, tests_members=False), WEB))
    assert len(alone.tested_by(["package.json", "web/a.ts"])) == 2


@pytest.mark.parametrize(
    "entry",
    [
        {"directory": "", "kind": "test", "command": "pytest\x1b[2K"},
        {"directory": "", "kind": "test", "command": "pytest\nrm x"},
        {"directory": "", "kind": "test", "command": "pytest \u202e"},
        {"directory": "", "kind": "test", "command": "x" * 1_001},
        {"directory": "", "kind": "test", "command": ""},
        {"directory": "../out", "kind": "test", "command": "pytest"},
        {"directory": "/etc", "kind": "test", "command": "pytest"},
        {"directory": "a\x00b", "kind": "test", "command": "pytest"},
    ],
)
def test_an_edit_that_could_not_be_shown_is_refused(entry: dict[str, Any]) -> None:
    assert refused_edits({"project": {"commands": [entry]}}).endswith(".")
    assert refused_edits({"project": {"commands": [{"directory": "a", "kind": "test", "command": "pytest -q"}]}}) == ""
