"""What a model may add to an allowed command: nothing that makes, empties or rewrites files, nothing that shows secrets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent import stacks
from agent.context.tools import Toolbox
from agent.ports import CommandResult
from agent.projects import ProjectProfile
from agent.projects.of_stack import part_of_stack

PYTEST = ("python", "-m", "pytest")
PROFILE = ProjectProfile((part_of_stack(stacks.get("fastapi")),))


class Recorder:
    def __init__(self) -> None:
        self.ran: list[Sequence[str]] = []

    async def run(self, argv: Sequence[str], *, timeout: float = 300) -> CommandResult:
        self.ran.append(argv)
        return CommandResult(tuple(argv), 0, 1, "ok")


@pytest.mark.parametrize(
    "argv",
    [
        (*PYTEST, "--basetemp=shop"), (*PYTEST, "--basetemp", "shop"), (*PYTEST, "--junitxml=a.py"),
        (*PYTEST, "--junit-xml", "a"), (*PYTEST, "--log-file=a.py"), (*PYTEST, "--debug=a.py"),
        (*PYTEST, "--cov-report=html:shop"), (*PYTEST, "-opython_files=*"), (*PYTEST, "--override-ini=python_files=*"),
        (*PYTEST, "@.env"), (*PYTEST, "-c", "a.ini"), ("ruff", "check", "--add-noqa"), ("ruff", "check", "--FIX"),
        ("wc", "--files0-from=.env"),
    ],
    ids=lambda argv: " ".join(argv[-2:]),
)  # fmt: skip
async def test_options_that_write_or_show_secrets_are_refused(tmp_path: Path, argv: tuple[str, ...]) -> None:
    recorder = Recorder()
    result = await Toolbox(tmp_path, recorder, PROFILE, map_cache=None).call("run", {"argv": list(argv)})
    assert result.is_error and result.text.startswith("Leave out ")
    assert not recorder.ran


@pytest.mark.parametrize(
    "rest", [("-x", "-vv"), ("-k", "total", "--lf"), ("tests/test_a.py::test_b", "--durations=3"), ("--cov=shop",)]
)
async def test_options_that_choose_tests_are_taken(tmp_path: Path, rest: tuple[str, ...]) -> None:
    recorder = Recorder()
    await Toolbox(tmp_path, recorder, PROFILE, map_cache=None).call("run", {"argv": [*PYTEST, *rest]})
    assert recorder.ran == [(*PYTEST, *rest)]
