"""Runs a stack's tests as a run does, over any sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.checks.commands import Commands
from agent.checks.suites import run_suite
from agent.ports import JSONObject
from agent.projects.of_stack import part_of_stack
from agent.stacks import Stack
from tests.agent.harness import Harness, ScriptedModel


def commands_over(sandbox: Any, root: Path = Path()) -> Commands:
    """Commands in ``sandbox``, whose steps are kept in memory."""
    return Commands(Harness(root, ScriptedModel(lambda _: ""), sandbox=sandbox).ports, "tests", "run")


async def run_stack(stack: Stack, sandbox: Any) -> JSONObject:
    """The report of the tests of a project that ``stack`` made."""
    return await run_suite(part_of_stack(stack), commands_over(sandbox))
