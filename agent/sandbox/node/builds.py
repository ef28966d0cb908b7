"""The install scripts of packages, run once their files are there: without a network, in a sandbox that sees nothing else.

A package manager would run them while it has a network. Most only choose among files that came along; those that compile find
the machine's compiler, and those that download something fail, which is said.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.ports import CommandResult
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.node import sources
from agent.sandbox.node.cell import TREE, offline
from agent.sandbox.python_env import Execute

EVENTS = ("preinstall", "install", "postinstall")
MAX_BUILDS = 60
MAX_NOTES = 20
SHARE = 0.5
"""Of the time that is left for the install step."""


@dataclass(frozen=True)
class Build:
    """``directory`` below the tree; ``commands`` are lines for npm or the shell, in order."""

    name: str
    directory: str
    commands: tuple[tuple[str, ...], ...]


async def run(draft: Path, places: list[str], execute: Execute, timeout: float) -> list[str]:
    """Runs what the packages in the ``node_modules`` of ``places`` want to run; sentences about those that failed."""
    builds = list(_builds(draft, places))
    end = time.monotonic() + timeout * SHARE
    notes = []
    cell = offline(draft)
    for build in builds[:MAX_BUILDS]:
        left = end - time.monotonic()
        problem = "there was no time left for it" if left <= 1 else await _run(build, cell, execute, left)
        if problem:
            notes.append(f"{build.name}: its install script failed, as nothing can be downloaded there: {problem}")
    if len(builds) > MAX_BUILDS:
        notes.append(f"the install scripts of {len(builds) - MAX_BUILDS} packages were not run; {MAX_BUILDS} were")
    if len(notes) > MAX_NOTES:
        notes = [*notes[:MAX_NOTES], f"and {len(notes) - MAX_NOTES} more packages"]
    return notes


async def _run(build: Build, cell: Cell, execute: Execute, timeout: float) -> str:
    """ "" when it went well, else the last that it said."""
    here = Cell(cell.binds, cell.env, chdir=f"{TREE}/{build.directory}", limits=cell.limits)
    for command in build.commands:
        result = await execute(here, command, timeout)
        if not result.ok:
            return _last(result)
    return ""


def _last(result: CommandResult) -> str:
    lines = [line.strip() for line in result.output_tail.splitlines() if line.strip() and not line.startswith("npm ")]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"it ended with {result.exit_code}"])[-1][:300]


def _builds(draft: Path, places: list[str]) -> Iterator[Build]:
    seen = set()
    for place in places:
        for directory in _packages(draft / place / "node_modules", draft):
            real = (draft / directory).resolve()
            if real in seen:
                continue
            seen.add(real)
            data = sources.read_object(draft, f"{directory}/{sources.MANIFEST}") or {}
            asked = data.get("scripts")
            scripts = asked if isinstance(asked, dict) else {}
            commands: list[tuple[str, ...]] = [
                ("npm", "run", "--silent", event) for event in EVENTS if isinstance(scripts.get(event), str)
            ]
            if not {"install", "preinstall"} & scripts.keys() and (draft / directory / "binding.gyp").is_file():
                # what npm does where a package has nothing but this (npm scripts documentation)
                commands.insert(0, ("node-gyp", "rebuild"))
            if commands:
                yield Build(str(data.get("name", directory))[:200], directory, tuple(commands))


def _packages(modules: Path, draft: Path) -> Iterator[str]:
    """The directories of packages below ``modules``, pnpm's store and nested ones included, deepest first: one builds with what
    it depends on."""
    for folder, _, names in os.walk(modules, topdown=False):
        path = os.path.relpath(folder, draft)
        parent = os.path.dirname(path)
        scoped = os.path.basename(parent).startswith("@") and os.path.basename(os.path.dirname(parent)) == "node_modules"
        if sources.MANIFEST in names and (os.path.basename(parent) == "node_modules" or scoped):
            yield path


def describe(draft: Path, notes: list[str]) -> None:
    """Keeps ``notes`` with the environment, for those who find it made."""
    (draft / "notes.json").write_text(json.dumps(notes), encoding="utf-8")


def described(made: Path) -> list[str]:
    return [str(note) for note in json.loads((made / "notes.json").read_text(encoding="utf-8"))]
