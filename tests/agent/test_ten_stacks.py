"""The offline model makes each of the ten, through ``python -m agent --yes``, with the options that a person would give it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.checks.commands import UNREACHABLE
from agent.guardrails import check
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.stacks import Stack, catalogue
from tests.support.drills import Draw, some_of
from tests.support.in_process import command

NPM = [stack for stack in catalogue() if stack.package_manager == "npm"]


@pytest.mark.slow
@pytest.mark.parametrize("stack", [one for one in catalogue() if one not in NPM], ids=lambda stack: stack.id)
def test_the_offline_model_makes_it(stack: Stack, workdir: Path, package_cache: Path) -> None:
    make(stack, workdir, package_cache)


@pytest.mark.slow
@some_of(NPM, 1)
def test_the_offline_model_makes_it_with_packages_of_npm(
    turn: int, draw: Draw[Stack], workdir: Path, package_cache: Path
) -> None:
    make(draw(NPM, turn), workdir, package_cache)


def make(stack: Stack, workdir: Path, package_cache: Path) -> None:
    task = f"Create a {stack.title} project"
    options = ("--root", str(workdir), "--task", task, "--yes")
    run = command(main, options, env={"XDG_CACHE_HOME": str(package_cache)})
    if run.returncode == 4 and UNREACHABLE.search(run.stdout):
        pytest.skip(f"{stack.id} is not tried out: no package index answers: {run.stdout[-300:]}")
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(run.stdout)

    assert told["stack"] == stack.id, "named in the task, so inferred"
    written = {path: (workdir / path).read_text() for path in stack.starter_files()}
    assert task in written["README.md"]
    manifest = "".join(f"FILE: {path}\n{text}" for path, text in written.items())
    (workdir / "empty").mkdir()
    assert check([parse_edits(manifest)], root=workdir / "empty", stack=stack, spec=TaskSpec(task)).errors == ()
    tests = told["tests"]
    assert tests["status"] in ("passed", "unavailable"), tests["output_tail"]
    if tests["status"] == "unavailable":
        assert "not available here" in tests["output_tail"]
        assert told["draft"], "what was not tested is a draft"
        print(f"{stack.id}: not tested: {tests['output_tail'].strip()}")
    assert f"Not tested: {tests['output_tail'][:20]}" in run.stderr or tests["status"] == "passed"
    assert not (workdir / "node_modules").exists()
