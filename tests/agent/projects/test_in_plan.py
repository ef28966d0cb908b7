"""A person may change the commands of a plan; what they write is run, shown as theirs, and kept for the project."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.projects import ProjectCommand, ProjectFiles, ProjectPart, ProjectProfile
from agent.projects.detect import detect
from agent.projects.in_plan import EDITED, edited_commands, in_plan, mark_edits, refused_edits, with_edits

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


FILES = {
    "tox.ini": "[testenv]\ncommands = pytest -q\n",
    "requirements.txt": "pytest\n",
    "shop.py": "",
    "tests/test_shop.py": "def test_shop(): ...\n",
    "web/package.json": '{"name": "web", "scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "1"}}',
    "web/a.test.ts": "",
}


def approved(line: str, directory: str) -> tuple[ProjectProfile, ProjectProfile]:
    """The profile before and after a person wrote ``line`` for the tests in ``directory``."""
    before = detect(ProjectFiles.of(FILES))
    plan = {"project": in_plan(before)}
    commands = [
        {**entry, "command": line} if (entry["directory"], entry["kind"]) == (directory, "test") else entry
        for entry in plan["project"]["commands"]
    ]
    edited = mark_edits(plan, {"project": {**plan["project"], "commands": commands}})
    return before, detect(ProjectFiles.of(FILES), with_edits({}, edited))


def test_an_edited_command_is_run_and_the_others_stay() -> None:
    before, after = approved("make check && make integration", "web")
    assert after.parts[0] == before.parts[0]
    assert after.parts[1].test == ("sh", "-c", "make check && make integration")
    assert after.parts[1].runner == ""  # who reports is not known any more


def test_the_runner_stays_where_the_new_command_names_it() -> None:
    _, after = approved("python -m pytest -x tests", "")
    assert (after.parts[0].test, after.parts[0].runner) == (("python", "-m", "pytest", "-x", "tests"), "pytest")


def test_a_command_that_would_make_an_environment_runs_in_the_one_that_is_there() -> None:
    _, after = approved("uv run pytest -x", "")
    assert (after.parts[0].test, after.parts[0].commands["test"].line) == (("pytest", "-x"), "uv run pytest -x")


def test_an_unedited_plan_leaves_the_profile_as_it_is() -> None:
    before = detect(ProjectFiles.of(FILES))
    plan = {"project": in_plan(before)}
    assert detect(ProjectFiles.of(FILES), with_edits({}, mark_edits(plan, plan))) == before


def test_edits_go_before_the_settings_that_they_do_not_mention() -> None:
    settings = {"lint": "ruff check", "test": "tox", "parts": {"web": {"lint": "eslint ."}}}
    plan = {
        "project": {
            "commands": [
                {"directory": "", "kind": "test", "command": "pytest", "evidence": EDITED},
                {"directory": "web", "kind": "test", "command": "pnpm test", "evidence": EDITED},
            ]
        }
    }
    assert with_edits(settings, plan) == {
        "lint": "ruff check",
        "test": "pytest",
        "parts": {"web": {"lint": "eslint .", "test": "pnpm test"}},
    }


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "pytest",
        {"directory": "", "kind": "deploy", "command": "make deploy", "evidence": EDITED},
        {"directory": "", "kind": "test", "command": 7, "evidence": EDITED},
        {"directory": "", "kind": "test", "command": "  ", "evidence": EDITED},
        {"directory": "", "kind": "test", "command": "a\0b", "evidence": EDITED},
        {"directory": "", "kind": "test", "command": "x" * 1_001, "evidence": EDITED},
        {"directory": ["web"], "kind": "test", "command": "pytest", "evidence": EDITED},
    ],
)
def test_an_entry_that_is_not_a_command_changes_nothing(entry: object) -> None:
    assert with_edits({"lint": "ruff"}, {"project": {"commands": [entry]}}) == {"lint": "ruff"}


@pytest.mark.parametrize("plan", [{}, {"project": None}, {"project": []}, {"project": {"commands": "pytest"}}])
def test_a_plan_without_commands_changes_nothing(plan: dict[str, Any]) -> None:
    assert with_edits({}, plan) == {}
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


TWO_LANGUAGES = {
    "requirements.txt": "pytest\n",
    "shop.py": "",
    "tests/test_shop.py": "def test_shop(): ...\n",
    "package.json": '{"name": "shop", "scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "1"}}',
    "a.test.ts": "",
}


def with_edit(line: str, ecosystem: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """The settings after a person wrote ``line`` for the tests of ``ecosystem`` at the top."""
    plan = {"project": in_plan(detect(ProjectFiles.of(TWO_LANGUAGES), settings))}
    commands = [
        {**entry, "command": line} if (entry["ecosystem"], entry["kind"]) == (ecosystem, "test") else entry
        for entry in plan["project"]["commands"]
    ]
    for entry in commands:
        entry.pop("shared", None)  # a client that sends back only what it knows
    return with_edits(settings or {}, mark_edits({"project": in_plan(detect(ProjectFiles.of(TWO_LANGUAGES), settings))}, {
        "project": {"facts": [], "commands": commands}
    }))  # fmt: skip


def commands_with(settings: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {part.ecosystem: part.test for part in detect(ProjectFiles.of(TWO_LANGUAGES), settings).parts}


def test_an_edit_holds_for_the_language_whose_command_it_was() -> None:
    before = commands_with({})
    settings = with_edit("pytest -x", "python")
    assert settings == {"ecosystems": {"python": {"test": "pytest -x"}}}
    assert commands_with(settings) == {**before, "python": ("pytest", "-x")}


def test_what_is_said_for_one_language_goes_before_what_is_said_for_all() -> None:
    stored = {"test": "make test-all", "lint": "make lint"}
    settings = with_edit("npm run unit", "node", stored)
    assert settings == {**stored, "ecosystems": {"node": {"test": "npm run unit"}}}
    assert commands_with(settings)["python"] == commands_with(stored)["python"]
    assert commands_with(settings)["node"] != commands_with(stored)["node"]


def test_a_plan_of_before_holds_for_the_whole_directory() -> None:
    entry = {"directory": "", "ecosystem": "node", "kind": "test", "command": "make all", "evidence": EDITED}
    assert edited_commands({"project": {"commands": [entry]}}) == {"test": "make all"}


def test_a_repository_may_say_it_for_one_language_too() -> None:
    files = {**TWO_LANGUAGES, "mgx.yaml": "commands:\n  ecosystems:\n    node:\n      test: npx vitest run a.test.ts\n"}
    found = {part.ecosystem: part.commands["test"] for part in detect(ProjectFiles.of(files)).parts}
    assert (found["node"].line, found["node"].evidence) == ("npx vitest run a.test.ts", "mgx.yaml")
    assert found["python"].evidence != "mgx.yaml"
