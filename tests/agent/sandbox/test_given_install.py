"""The install command that a person gave: run without a network, and what it makes is there for commands and in no change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.ports import CommandResult
from agent.projects import ProjectFiles
from agent.projects.detect import detect
from agent.projects.model import ProjectCommand, ProjectPart
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.sandbox.given_line import given_install, left_to_run
from tests.agent.sandbox.conftest import put
from tests.agent.sandbox.test_install_project import said, tree, write

MAKE = """mkdir -p build/deep assets/new
echo made >build/deep/out.txt
echo styled >assets/style.css
echo more >assets/new/more.css
echo changed >tracked.txt
echo "$PWD" >where.txt
"""
FILES = {"make.sh": MAKE, "tracked.txt": "as it was\n", "assets/own.css": "own\n"}


def part(line: str, **other: object) -> ProjectPart:
    found = detect(ProjectFiles.of(FILES), settings={"install": line, "test": "make check"})
    (only,) = found.parts
    return replace(only, **other)  # type: ignore[arg-type]


async def install(sandbox: WorkdirSandbox, given: ProjectPart) -> CommandResult:
    result = await sandbox.install(given)
    assert result is not None
    assert result.ok
    return result


async def test_what_it_makes_is_there_for_commands_and_not_in_the_tree(sandbox: WorkdirSandbox) -> None:
    write(sandbox.root, FILES)
    before = tree(sandbox.root)

    result = await install(sandbox, part("sh make.sh"))

    assert result.notes == ("The install command `sh make.sh` changed tracked.txt, which is not kept: only new files are.",)
    assert await said(sandbox, "cat", "build/deep/out.txt", "assets/style.css", "assets/new/more.css") == "made\nstyled\nmore"
    assert await said(sandbox, "cat", "where.txt", "tracked.txt", "assets/own.css") == "/workdir\nas it was\nown"
    assert await said(sandbox, "sh", "-c", "echo log >build/log.txt && cat build/log.txt") == "log", (
        "tools write where they built"
    )
    assert await said(sandbox, "cat", "build/log.txt") == "log"
    assert tree(sandbox.root) == before


async def test_the_same_tree_is_not_built_twice_and_another_one_is(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    write(sandbox.root, FILES)
    await install(sandbox, part("sh make.sh"))
    again = open_sandbox(sandbox.root, cache=tmp_path / "cache", tier="bubblewrap")
    result = await install(again, part("sh make.sh"))
    assert "kept from before" in result.output_tail
    assert await said(again, "cat", "build/deep/out.txt") == "made"
    (sandbox.root / "make.sh").write_text(MAKE.replace("echo made", "echo again"))
    await install(again, part("sh make.sh"))
    assert await said(again, "cat", "build/deep/out.txt") == "again"


async def test_what_needs_the_network_is_told_with_what_to_do(sandbox: WorkdirSandbox) -> None:
    write(sandbox.root, FILES)
    fetch = "touch left.txt && python3 -c \"import urllib.request as u; u.urlopen('http://code.example/x')\""
    result = await install(sandbox, part(fetch))
    (note,) = result.notes
    assert "needs the network, which code of the repository does not get" in note
    assert "Name the packages that it fetches in a manifest or lock file" in note
    assert not (await sandbox.run(("cat", "left.txt"))).ok, "nothing of it is kept"


async def test_another_failure_is_told_too_and_stops_nothing(sandbox: WorkdirSandbox) -> None:
    write(sandbox.root, FILES)
    line = "echo no such thing >&2; exit 3"
    result = await install(sandbox, part(line))
    assert result.notes == (f"The install command `{line}` ended with exit code 3, and nothing of it is kept: no such thing.",)


async def test_it_runs_in_the_environment_that_is_installed(sandbox: WorkdirSandbox, index: Path) -> None:
    put(index, "tool")
    write(sandbox.root, {"requirements.txt": "tool\n", "app.py": ""})
    given = ProjectCommand(("sh", "-c", "pip install -r requirements.txt && python -m tool >told.txt"), "mgx.yaml")
    result = await install(sandbox, ProjectPart(ecosystem="python", commands={"install": given}))
    assert result.notes == ()
    assert await said(sandbox, "cat", "told.txt") == "tool ran"


@pytest.mark.parametrize(
    ("line", "made", "left"),
    [
        ("npm ci", {"node"}, ""),
        ("npm ci", {"python"}, "npm ci"),
        ("npm ci && npm run build", {"node"}, "npm run build"),
        ("pip install -e '.[dev]' && python -m pip install tox", {"python"}, ""),
        ("poetry install --with dev; make assets", {"python"}, "make assets"),
        ("yarn", {"node"}, ""),
        ("cd web && npm ci && npm run build >log", {"node"}, "cd web && npm run build >log"),
        ("cd web && npm ci", {"node"}, ""),
        ("npm ci && echo 'a && b'", {"node"}, "npm ci && echo 'a && b'"),
        ("if true; then npm ci; fi", {"node"}, "if true; then npm ci; fi"),
        ("uv sync --all-extras && uv pip compile x", {"python"}, "uv pip compile x"),
        ("go mod download && go mod tidy", {"go"}, "go mod tidy"),
        ("npm ci | tee log", {"node"}, "npm ci | tee log"),
        ("export A=1; npm ci; make all", {"node"}, "export A=1; make all"),
        ("npm run install", {"node"}, "npm run install"),
    ],
)
def test_what_our_own_install_has_done_is_done(line: str, made: set[str], left: str) -> None:
    assert left_to_run(ProjectCommand(("sh", "-c", line)), made) == left


def test_only_a_person_s_command_is_run() -> None:
    assert given_install(part("make assets")) is not None
    by_convention = ProjectCommand(("bundle", "install"), "Gemfile")
    assert given_install(ProjectPart(ecosystem="ruby", commands={"install": by_convention})) is None


def test_a_part_of_no_known_language_has_an_install_step_where_a_person_gave_one() -> None:
    assert part("make assets | cat").install == ("sh", "-c", "make assets | cat")
