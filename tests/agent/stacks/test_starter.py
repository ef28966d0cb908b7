"""Every starter passes its stack's guardrails and formatters and, where its tools are here, is installed, built and tested."""

from __future__ import annotations

import ast
import asyncio
import json
import shutil
from pathlib import Path

import pytest

from agent.checks.commands import UNREACHABLE
from agent.checks.formatting import FormatReport, format_files
from agent.errors import SandboxFailed
from agent.guardrails import check
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.projects.of_stack import part_of_stack
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.stacks import Stack, catalogue, get
from tests.support.drills import LONG, Draw, some_of
from tests.support.suite_runs import run_stack

JS = ("express-ts", "nestjs", "react-vite", "nextjs", "vue-vite")
ALL = pytest.mark.parametrize("stack", catalogue(), ids=lambda stack: stack.id)
QUICK_JS = ("express-ts", "vue-vite")
"""The short form builds one of these; the others take up to a minute each, and test_ten_stacks.py installs and tests any."""
MAX_BYTES = 40_000


@pytest.fixture
def sandbox(tmp_path: Path, package_cache: Path) -> WorkdirSandbox:
    root = tmp_path / "workdir"
    root.mkdir()
    try:
        return open_sandbox(root, cache=package_cache / "mgx")
    except SandboxFailed as error:
        pytest.skip(f"no sandbox, so no starter is tried out: {error}")


def lay(stack: Stack, root: Path) -> None:
    for path, text in stack.starter_files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


async def install(stack: Stack, sandbox: WorkdirSandbox) -> None:
    lay(stack, sandbox.root)
    installed = await sandbox.install(part_of_stack(stack))
    if installed is None:
        return
    if not installed.available:
        pytest.skip(f"{stack.id} is not installed, built or tested: {installed.output_tail.strip()}")
    if not installed.ok and UNREACHABLE.search(installed.output_tail):
        pytest.skip(f"{stack.id} is not installed, built or tested: no package index answers: {installed.output_tail[-200:]}")
    assert installed.ok, installed.output_tail


@ALL
def test_it_is_small_and_whole(stack: Stack) -> None:
    files = stack.starter_files()

    assert {"README.md", ".gitignore"} <= set(files)
    assert sum(len(text.encode()) for text in files.values()) < MAX_BYTES
    assert not any("cache" in path and not path.endswith(".gitignore") for path in files)
    assert all(text == "" or text.endswith("\n") for text in files.values())


@ALL
def test_it_passes_its_own_rules(stack: Stack, tmp_path: Path) -> None:
    text = "".join(f"FILE: {path}\n{content}" for path, content in stack.starter_files().items())

    result = check([parse_edits(text)], root=tmp_path, stack=stack, spec=TaskSpec(f"A new {stack.title} project"))

    assert result.to_json() == {"is_valid": True, "errors": [], "warnings": []}


async def reformatted(stack: Stack, sandbox: WorkdirSandbox) -> FormatReport:
    report = await format_files(list(stack.starter_files()), stack.format, sandbox)
    assert list(report.files) == []
    assert report.failed == []
    return report


@pytest.mark.parametrize("stack", [stack for stack in catalogue() if stack.id not in JS], ids=lambda stack: stack.id)
async def test_it_is_formatted_already(stack: Stack, sandbox: WorkdirSandbox) -> None:
    lay(stack, sandbox.root)

    if (report := await reformatted(stack, sandbox)).missing:
        pytest.skip(f"{stack.id} is not formatted here: {', '.join(report.missing)} not available")


@pytest.mark.slow
async def test_fastapi_is_installed_and_tested(sandbox: WorkdirSandbox) -> None:
    await install(get("fastapi"), sandbox)

    told = await run_stack(get("fastapi"), sandbox)

    assert told["status"] == "passed", told["output_tail"]
    assert told["passed"] >= 3
    assert "warning" not in told["output_tail"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed here: JavaScript starters are not tried out")
@some_of(JS, 1)
async def test_javascript_is_installed_formatted_built_linted_and_tested(
    turn: int, draw: Draw[str], sandbox: WorkdirSandbox
) -> None:
    stack = get(draw(JS if LONG else QUICK_JS, turn))
    await install(stack, sandbox)
    assert not (await reformatted(stack, sandbox)).missing

    for argv in (stack.build, stack.lint, ("npx", "--no-install", "prettier", "--check", ".")):
        done = await sandbox.run(argv)
        assert done.ok, done.output_tail
    told = await run_stack(stack, sandbox)

    assert told["status"] == "passed", told["output_tail"]
    assert told["passed"] >= 4
    left = {path.name for path in sandbox.root.iterdir()} - {path.split("/")[0] for path in stack.starter_files()}
    assert left <= {"dist", ".next", "next-env.d.ts"}


@pytest.mark.parametrize("id", JS)
def test_versions_are_exact(id: str) -> None:
    manifest = json.loads(get(id).starter_files()["package.json"])
    versions = [*manifest["dependencies"].values(), *manifest["devDependencies"].values()]

    assert all(version[0].isdigit() and "x" not in version for version in versions)


async def test_laravel_s_php_parses(sandbox: WorkdirSandbox) -> None:
    lay(get("laravel"), sandbox.root)
    paths = [path for path in get("laravel").starter_files() if path.endswith(".php") or path == "artisan"]

    results = [await sandbox.run(("php", "-l", path)) for path in paths]

    if not results[0].available:
        pytest.skip("php is not available here: the Laravel starter is not parsed by PHP")
    assert [result.output_tail for result in results if not result.ok] == []


@pytest.mark.parametrize("id", ["devops-docker", "ci-github-actions"])
async def test_the_tools_of_operations_accept_theirs(id: str, sandbox: WorkdirSandbox) -> None:
    lay(get(id), sandbox.root)

    told = await run_stack(get(id), sandbox)

    if told["status"] == "unavailable":
        pytest.skip(f"{id} is not checked: {told['output_tail'].strip()}")
    assert told["status"] == "passed", told["output_tail"]


async def test_the_dockerfile_has_nothing_to_lint(sandbox: WorkdirSandbox) -> None:
    lay(get("devops-docker"), sandbox.root)

    done = await sandbox.run(get("devops-docker").lint)

    if not done.available:
        pytest.skip("hadolint is not available here: the Dockerfile is not linted")
    assert done.ok, done.output_tail


async def test_the_script_of_the_workflow_parses_and_runs(sandbox: WorkdirSandbox) -> None:
    lay(get("ci-github-actions"), sandbox.root)

    done = await sandbox.run(("sh", "scripts/test.sh"))

    assert done.ok
    assert "nothing to test yet" in done.output_tail


def test_the_container_s_python_parses() -> None:
    for path, text in get("devops-docker").starter_files().items():
        if path.endswith(".py"):
            ast.parse(text, path)


@pytest.mark.slow
def test_two_at_a_time_install_one(package_cache: Path, tmp_path: Path) -> None:
    """Both find or make the same directory, whoever is first."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed here")
    (tmp_path / "package.json").write_text('{"dependencies": {}}')
    boxes = [open_sandbox(tmp_path, cache=tmp_path / "cache") for _ in range(2)]

    async def both() -> None:
        results = await asyncio.gather(*(box.install(part_of_stack(get("express-ts"))) for box in boxes))
        assert all(result is not None and result.ok for result in results)

    asyncio.run(both())
    assert len([path for path in (tmp_path / "cache/node").iterdir() if not path.name.startswith(".")]) == 1
