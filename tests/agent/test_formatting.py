from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from agent.checks.formatting import format_files
from agent.errors import SandboxFailed
from agent.ports import CommandResult
from agent.projects import ProjectPart
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.stacks import get

FASTAPI = get("fastapi")
MESSY = "import sys, os\nfrom a import (b)\nx = {  'a':1 }\nprint(sys)\n"


@pytest.fixture
def sandbox(tmp_path: Path) -> WorkdirSandbox:
    root = tmp_path / "workdir"
    root.mkdir()
    try:
        return open_sandbox(root, cache=tmp_path / "cache")
    except SandboxFailed as error:
        pytest.skip(str(error))


async def test_the_starter_is_formatted_already(sandbox: WorkdirSandbox) -> None:
    files = FASTAPI.starter_files()
    for path, text in files.items():
        (sandbox.root / path).parent.mkdir(exist_ok=True)
        (sandbox.root / path).write_text(text)

    report = await format_files(list(files), FASTAPI.format, sandbox)

    assert [(result.tool, result.status) for result in report.tools] == [("ruff", "ok"), ("isort", "ok"), ("black", "ok")]
    assert report.files == []


async def test_only_the_named_files_change(sandbox: WorkdirSandbox) -> None:
    for name in ("mine.py", "other.py", "notes.txt"):
        (sandbox.root / name).write_text(MESSY)

    report = await format_files(["mine.py", "notes.txt"], FASTAPI.format, sandbox)

    assert report.to_json()["files"] == ["mine.py"]
    assert (sandbox.root / "mine.py").read_text() == 'import sys\n\nx = {"a": 1}\nprint(sys)\n'
    assert (sandbox.root / "other.py").read_text() == MESSY
    assert (sandbox.root / "notes.txt").read_text() == MESSY


async def test_the_repository_s_own_configuration_counts(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "pyproject.toml").write_text(
        "[tool.black]\nskip-string-normalization = true\n[tool.isort]\nforce_single_line = true\n"
    )
    (sandbox.root / "a.py").write_text("from os import path, sep\nx = 'a'\nprint(path, sep)\n")

    await format_files(["a.py"], FASTAPI.format, sandbox)

    assert (sandbox.root / "a.py").read_text() == "from os import path\nfrom os import sep\n\nx = 'a'\nprint(path, sep)\n"


async def test_a_tool_that_fails_is_no_success(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "-broken.py").write_text("def (:\n")

    data = (await format_files(["-broken.py"], FASTAPI.format, sandbox)).to_json()

    assert data["failed"] == ["black"]
    assert "black" not in data["tool"]
    assert data["files"] == []


async def test_an_absent_tool_is_named(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    sandbox.tools = tmp_path / "nothing"
    (sandbox.root / "a.py").write_text(MESSY)

    report = await format_files(["a.py"], FASTAPI.format, sandbox)

    assert "black" in report.unavailable
    assert (sandbox.root / "a.py").exists()


async def test_files_that_no_tool_wants_start_nothing(sandbox: WorkdirSandbox) -> None:
    assert (await format_files(["README.md"], FASTAPI.format, sandbox)).to_json()["tools"] == []


class Present:
    """A sandbox that has some tools; every one of them works."""

    def __init__(self, *tools: str) -> None:
        self.tools = tools
        self.ran: list[str] = []

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        return None

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 300,
        directory: str = "",
        environment: Mapping[str, str] | None = None,
        reports: Sequence[str] = (),
    ) -> CommandResult:
        self.ran.append(argv[0])
        here = argv[0] in self.tools
        return CommandResult(argv, 0 if here else 127, 1, "", available=here)


@pytest.mark.parametrize(
    ("stack", "path", "present", "ran", "unavailable", "missing"),
    [
        ("laravel", "a.php", ("vendor/bin/pint",), "pint", ["phpstan"], []),
        ("laravel", "a.php", ("php-cs-fixer",), "php-cs-fixer", ["pint", "phpstan"], []),
        ("laravel", "a.php", (), "", ["pint", "php-cs-fixer", "phpstan"], ["pint"]),
        ("dotnet-api", "A.cs", ("dotnet", "rsharpier"), "dotnet format", [], []),
        ("dotnet-api", "A.cs", ("rsharpier",), "csharpier", ["dotnet format"], []),
        ("react-vite", "a.tsx", ("prettier",), "prettier", ["eslint"], []),
        ("react-vite", "a.tsx", (), "", ["eslint", "prettier"], ["prettier"]),
    ],
)
async def test_a_stand_in_works_where_the_first_choice_is_absent(
    stack: str, path: str, present: tuple[str, ...], ran: str, unavailable: list[str], missing: list[str]
) -> None:
    report = await format_files([path], get(stack).format, Present(*present))

    assert report.to_json()["tool"] == ran
    assert report.unavailable == unavailable
    assert list(report.missing) == missing
