"""A check insists on what the task asks for; what it denies, excepts or only mentions is left to the reviewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.guardrails import check
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.stacks import get

NPM = {"package.json": "{}", "package-lock.json": "{}"}
YARN = {"package.json": "{}", "yarn.lock": "x\n"}
EXTRA = {"package.json": '{"dependencies": {"express": "5", "lodash": "4"}}'}
UNREAD = {"a.ts": "export const port = 8000;\n"}


def codes(root: Path, files: dict[str, str], wish: str, *, new: bool = False) -> list[str]:
    """Both as a constraint and as the task's own words."""
    text = "".join(f"FILE: {path}\n{content}\n" for path, content in files.items())
    mode = "generate_new" if new else "patch_existing"
    specs = [TaskSpec("Do it", output_mode=mode, constraints=[wish]), TaskSpec(f"Do it. {wish}", output_mode=mode)]  # type: ignore[arg-type]
    found = [
        [error.code for error in check([parse_edits(text)], root=root, stack=get("express-ts"), spec=spec).errors]
        for spec in specs
    ]
    assert found[0] == found[1]
    return [code for code in found[0] if code != "missing_file"]


@pytest.mark.parametrize(
    "wish",
    [
        "Do not use yarn",
        "Don't use yarn.",
        "Never, under any circumstances, use yarn",
        "We must not build with yarn",
        "Avoid installing with yarn",
        "yarn kullanma",
        "yarn kullanılmasın",
        "Should we use yarn?",
        "It was using yarn; move to npm",
        "Use npm or yarn",
        "Stop using yarn",
        "It works without using yarn",
        "Don't use anything but yarn",
        'The docs say "use yarn", which is wrong',
        "Stay away from yarn",
        "Migrate away from yarn",
        "Statt yarn bitte npm",
        "N'utilisez pas yarn",
        "No uses yarn",
        "不要使用yarn",
        "Neither yarn nor pnpm",
        "You don't need to use yarn",
        "Não use yarn",
        "Non usare yarn, use npm",
        "не используй yarn",
        "Nobody here works with yarn",
        "Installing with yarn fails, so look into it",
        "Users who use yarn get an error: fix it",
        "Fix the bug that occurs with yarn",
        "Add a CI job that also tests with yarn",
        "The README should mention how to install via yarn",
        "Support projects that use yarn",
    ],
)
def test_a_package_manager_that_is_not_asked_for_is_not_demanded(tmp_path: Path, wish: str) -> None:
    assert codes(tmp_path, NPM, wish) == []


@pytest.mark.parametrize(
    "wish", ["Do not use yarn", "Never use yarn.", "no yarn, please", "Avoid yarn", "Use npm, don't use yarn."]
)
def test_a_package_manager_that_is_denied_makes_no_lock_file(tmp_path: Path, wish: str) -> None:
    assert codes(tmp_path, YARN, wish) == ["wrong_package_manager"]
    assert codes(tmp_path, NPM, wish) == []


@pytest.mark.parametrize("wish", ["Use yarn, not npm", "Use yarn instead of npm.", "Do not use npm. Use yarn.", "with yarn"])
def test_a_package_manager_that_is_asked_for_is_demanded(tmp_path: Path, wish: str) -> None:
    assert codes(tmp_path, NPM, wish) == ["wrong_package_manager"] * 2
    assert codes(tmp_path, {"package.json": '{"packageManager": "yarn@4"}', "yarn.lock": "x\n"}, wish) == []


@pytest.mark.parametrize(
    "wish",
    [
        "Do not read environment variables",
        "No environment variables",
        "Settings come from a file, not from environment variables.",
        "Avoid env vars",
        "It never looks at environment variables",
        "Read config.toml instead of environment variables",
        "Umgebung: env vars werden nicht gelesen",
        "ortam değişkenleri kullanılmasın",
        "Ignore all environment variables",
        "Keep environment variables out of this",
        "Document the environment variables in the README",
        "Environment variables are off limits",
        "Hard-code it; environment variables are overkill",
        "Forget environment variables",
        "env vars okuma",
        "Fix the crash when environment variables are missing",
        "Delete support for environment variables",
        "The task runner passes environment variables to its children",
    ],
)
def test_environment_variables_that_are_denied_need_not_be_read(tmp_path: Path, wish: str) -> None:
    assert codes(tmp_path, UNREAD, wish, new=True) == []
    assert codes(tmp_path, UNREAD, "Read the port from environment variables", new=True) == ["environment_not_read"]


@pytest.mark.parametrize(
    "wish",
    [
        "No new dependencies except lodash",
        "Do not add new dependencies other than lodash.",
        "There is no reason to avoid new dependencies",
        "It can't be done without additional packages",
        "Do not use only the standard library",
        "Not just the standard library",
        "No new packages, but lodash is fine",
        "Avoid new packages unless they save code",
        "Should there be no new dependencies?",
        "Do not add new packages (lodash is ok)",
        "No new dependencies. lodash is the exception.",
        "Avoid new dependencies where possible",
        "Try to avoid new dependencies",
        "Prefer no new dependencies",
        "There are no new dependencies in the last release, please update",
        "Show a message when no new packages are found",
        "Test that no new modules are loaded",
    ],
)
def test_dependencies_that_may_be_added_are_not_forbidden(tmp_path: Path, wish: str) -> None:
    assert codes(tmp_path, EXTRA, wish) == []


@pytest.mark.parametrize(
    "wish",
    [
        "No new dependencies",
        "Fix it, no extra libraries, and do not touch the tests",
        "You must not add any new dependencies.",
        "Never introduce additional packages",
        "keine neuen Abhängigkeiten",
        "ohne zusätzliche Pakete",
        "Make sure that there are no new dependencies",
        "No new dependencies: it must work offline",
    ],
)
def test_dependencies_that_are_denied_are_forbidden(tmp_path: Path, wish: str) -> None:
    assert codes(tmp_path, EXTRA, wish) == ["forbidden_dependency"]
