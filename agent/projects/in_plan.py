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
    """``{facts, commands: [{directory, ecosystem, kind, command, evidence}]}``: lines for people, and commands that they may
    change."""
    commands = [
        {
            "directory": part.directory,
            "ecosystem": part.ecosystem,
            "kind": kind,
            "command": part.commands[kind].line,
            "evidence": part.commands[kind].evidence,
        }
        for part in profile.parts
        for kind in COMMANDS
        if kind in part.commands
    ]
    return {"facts": list(profile.told()), "commands": commands}


def mark_edits(old: Mapping[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The plan ``new`` with ``evidence`` saying so where a person wrote another command than ``old`` has."""
    known = {_key(entry): entry["command"] for entry in _commands(old)}
    entries = []
    for entry in _commands(new):
        changed = known.get(_key(entry)) != entry["command"]
        entries.append({**entry, "evidence": EDITED} if changed else entry)
    if not entries:
        return new
    return {**new, "project": {**new["project"], "commands": entries}}


def _key(entry: Mapping[str, Any]) -> tuple[object, ...]:
    return entry["directory"], entry.get("ecosystem"), entry["kind"]


def edited_commands(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What people wrote themselves, in the form of a project's settings: {kind: line, parts: {directory: {kind: line}}}."""
    found: dict[str, Any] = {}
    for entry in _commands(plan):
        if entry.get("evidence") == EDITED:
            directory = entry["directory"]
            into = found.setdefault("parts", {}).setdefault(directory, {}) if directory else found
            into[entry["kind"]] = entry["command"]
    return found


def as_approved(profile: ProjectProfile, plan: Mapping[str, Any]) -> ProjectProfile:
    """``profile`` with the commands that a person wrote into the approved ``plan``."""
    for entry in _commands(plan):
        part = next((part for part in profile.parts if _is_of(entry, part)), None)
        known = part.commands.get(entry["kind"]) if part else None
        if part is not None and (known is None or known.line != entry["command"]):
            profile = profile.with_part(_with(part, entry["kind"], entry["command"]))
    return profile


def _commands(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of a plan. What has not their shape is left out: anybody may have edited it."""
    project = plan.get("project")
    entries = project.get("commands") if isinstance(project, dict) else None
    return [entry for entry in entries if _is_command(entry)] if isinstance(entries, list) else []


def _is_of(entry: Mapping[str, Any], part: ProjectPart) -> bool:
    same: bool = part.directory == entry["directory"] and entry.get("ecosystem", part.ecosystem) == part.ecosystem
    return same


def _is_command(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    directory, kind, line = (entry.get(key) for key in ("directory", "kind", "command"))
    is_line = isinstance(line, str) and bool(line.strip()) and len(line) <= MAX_LINE and "\0" not in line
    return is_line and isinstance(directory, str) and kind in COMMANDS


def _with(part: ProjectPart, kind: str, line: str) -> ProjectPart:
    command = ProjectCommand(("sh", "-c", line), EDITED, line)
    return replace(part, commands={**part.commands, kind: command}, runner=_runner(part, kind, line))


def _runner(part: ProjectPart, kind: str, line: str) -> str:
    """Who reports, where the test command is another one: the same runner if the line names it, else nobody."""
    if kind != "test":
        return part.runner
    return next((runner for runner in (part.runner, "pytest", "vitest", "jest", "mocha") if runner and runner in line), "")
