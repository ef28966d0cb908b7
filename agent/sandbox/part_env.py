"""Makes the environment of a part of the project, by its ecosystem; Python's is made by ``python_env``."""

from __future__ import annotations

import shutil
from pathlib import Path

from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox import node_env
from agent.sandbox.installed import Installed
from agent.sandbox.python_env import Execute
from agent.sandbox.toolchains import composer, go, maven, rust

NOT_FETCHED = {
    "java": (("gradle",), "a build of Gradle is a program, which the install step does not run"),
    "ruby": (("bundle",), "a Gemfile is code, which the install step does not run"),
    "dotnet": (("dotnet",), "restoring evaluates the project's build files, which are code that the install step does not run"),
}
"""Ecosystem → its programs, and why its packages are not fetched."""


async def make(
    root: Path, part: ProjectPart, cache: Path, execute: Execute, timeout: float, before: Installed | None = None
) -> Installed | None:
    """The environment of ``part`` of the repository ``root``; None where its ecosystem has no install step. ``before`` is what
    was made for the part in this sandbox earlier: what was compiled is kept."""
    if part.ecosystem == "node":
        return await node_env.make(root, part, cache, execute, timeout)
    if part.ecosystem == "go":
        return await go.make(root, part, cache, execute, timeout, before)
    if part.ecosystem == "rust":
        return await rust.make(root, part, cache, execute, timeout, before)
    if part.ecosystem == "php":
        return await composer.make(root, part, cache, execute, timeout)
    if part.ecosystem == "java" and part.build_backend == "maven":
        return await maven.make(root, part, cache, execute, timeout)
    if part.ecosystem not in NOT_FETCHED:
        return None
    programs, why = NOT_FETCHED[part.ecosystem]
    here = [program for program in programs if shutil.which(program)]
    if here:
        text = f"Nothing was fetched: {why}. Tests find what the repository and this machine have."
        return Installed(CommandResult((here[0], "install"), 0, 0, f"{text}\n", notes=(text,)))
    text = f"{' or '.join(programs)} is not available here.\n"
    return Installed(CommandResult((programs[0], "install"), 127, 0, text, available=False))
