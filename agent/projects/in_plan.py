"""What a plan says of the project, for the person who approves it, and what that person changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.projects.model import COMMANDS, ProjectCommand, ProjectPart, ProjectProfile

EDITED = "edited in the plan"
MAX_LINE = 1_000
"""Characters of a command that a person may give."""


def in_plan(profile: ProjectProfile) -> dict[str, Any]:
    """``{facts, commands: [{directory, kind, command, evidence}]}``: lines for people, and commands that they may change."""
    commands = [
        {
            "directory": part.directory,
            "kind": kind,
            "command": part.commands[kind].line,
            "evidence": part.commands[kind].evidence,
        }
        for part in profile.parts
        for kind in COMMANDS
        if kind in part.commands
    ]
    return {"facts": list(profile.told()), "commands": commands}


def as_approved(profile: ProjectProfile, plan: Mapping[str, Any]) -> ProjectProfile:
    """``profile`` with the commands that a person wrote into the approved ``plan``. What has not the plan's shape is left out:
    anybody may have edited it."""
    project = plan.get("project")
    entries = project.get("commands") if isinstance(project, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        directory, kind, line = (entry.get(key) for key in ("directory", "kind", "command"))
        part = next((part for part in profile.parts if part.directory == directory), None)
        if part is None or kind not in COMMANDS or not isinstance(line, str) or len(line) > MAX_LINE or "\0" in line:
            continue
        known = part.commands.get(kind)
        if line.strip() and (known is None or known.line != line):
            profile = profile.with_part(_with(part, kind, line.strip()))
    return profile


def _with(part: ProjectPart, kind: str, line: str) -> ProjectPart:
    command = ProjectCommand(("sh", "-c", line), EDITED, line)
    return replace(part, commands={**part.commands, kind: command}, runner=_runner(part, kind, line))


def _runner(part: ProjectPart, kind: str, line: str) -> str:
    """Who reports, where the test command is another one: the same runner if the line names it, else nobody."""
    if kind != "test":
        return part.runner
    return next((runner for runner in (part.runner, "pytest", "vitest", "jest", "mocha") if runner and runner in line), "")
