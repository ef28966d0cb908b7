"""What a plan says of the project, for the person who approves it, and what that person changed of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from agent.projects.model import COMMANDS, ProjectProfile
from agent.projects.settings import ECOSYSTEMS_KEY
from agent.projects.shown import MAX_COMMAND, shown

EDITED = "edited in the plan"
MAX_LINE = MAX_COMMAND
"""Characters of a command that a person may give."""
MAX_DIRECTORY = 300
MAX_BYTES = 64 * 1024
"""Of all commands in a plan, as JSON: a plan has 256 KiB for everything."""


def in_plan(profile: ProjectProfile) -> dict[str, Any]:
    """``{facts, commands: [{directory, ecosystem, kind, command, evidence}]}``: lines for people, and commands that they may
    change, as far as ``MAX_BYTES`` go. ``shared`` is with those of a directory that holds projects of several languages."""
    commands: list[dict[str, Any]] = []
    places = Counter(part.directory for part in profile.parts)
    left = MAX_BYTES
    for part in profile.parts:
        for kind in COMMANDS:
            if kind not in part.commands:
                continue
            entry = {
                "directory": part.directory,
                "ecosystem": part.ecosystem,
                "kind": kind,
                "command": part.commands[kind].line,
                "evidence": shown(part.commands[kind].evidence),
                **({"shared": True} if places[part.directory] > 1 else {}),
            }
            left -= len(json.dumps(entry))
            if left >= 0:
                commands.append(entry)
    return {"facts": list(profile.told()), "commands": commands}


def mark_edits(old: Mapping[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The plan ``new`` with ``evidence`` saying so where a person wrote another command than ``old`` has."""
    known = {_key(entry): entry for entry in _commands(old)}
    entries = []
    for entry in _commands(new):
        before = known.get(_key(entry), {})
        changed = before.get("command") != entry["command"]
        shared = {"shared": True} if before.get("shared") else {}  # a client may have left it out
        entries.append({**entry, **shared, "evidence": EDITED} if changed else {**entry, **shared})
    if not entries:
        return new
    return {**new, "project": {**new["project"], "commands": entries}}


def without_evidence(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The plan without what is noted about its commands, for a comparison of what people wrote."""
    project = plan.get("project")
    if not isinstance(project, dict) or not isinstance(project.get("commands"), list):
        return dict(plan)
    noted = {"evidence", "shared"}
    commands = [
        {name: value for name, value in entry.items() if name not in noted} if isinstance(entry, dict) else entry
        for entry in project["commands"]
    ]
    return {**plan, "project": {**project, "commands": commands}}


def _key(entry: Mapping[str, Any]) -> tuple[object, ...]:
    return entry["directory"], entry.get("ecosystem"), entry["kind"]


def edited_commands(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What people wrote themselves, in the form of a project's settings: {kind: line, parts: {directory: {kind: line}}}, and
    below ``ecosystems`` what holds for one language of a directory that has several."""
    found: dict[str, Any] = {}
    for entry in _commands(plan):
        if entry.get("evidence") == EDITED:
            directory, ecosystem = entry["directory"], entry.get("ecosystem")
            into = found.setdefault("parts", {}).setdefault(directory, {}) if directory else found
            if entry.get("shared") is True and isinstance(ecosystem, str):
                into = into.setdefault(ECOSYSTEMS_KEY, {}).setdefault(ecosystem, {})
            into[entry["kind"]] = entry["command"]
    return found


def with_edits(settings: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """A project's ``settings`` with what people wrote into the approved ``plan``, which is read as they are."""
    return _laid_over(settings, edited_commands(plan))


def _laid_over(settings: Mapping[str, Any], edited: Mapping[str, Any]) -> dict[str, Any]:
    """Three levels at most: parts, ecosystems, kinds."""
    found = dict(settings)
    for key, value in edited.items():
        below = found.get(key)
        found[key] = _laid_over(below if isinstance(below, Mapping) else {}, value) if isinstance(value, dict) else value
    return found


def _commands(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of a plan. What has not their shape is left out: anybody may have edited it."""
    project = plan.get("project")
    entries = project.get("commands") if isinstance(project, dict) else None
    return [entry for entry in entries if _is_command(entry)] if isinstance(entries, list) else []


def _is_command(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    directory, kind, line = (entry.get(key) for key in ("directory", "kind", "command"))
    return not refusal_of(line) and isinstance(directory, str) and kind in COMMANDS


def refusal_of(line: object) -> str:
    """Why ``line`` can't be a command that a person gives, in words that follow its name; "" where it can."""
    if not isinstance(line, str) or not line.strip() or len(line) > MAX_LINE:
        return f"must be one line of at most {MAX_LINE:,} characters"
    return "" if line.isprintable() else "has characters that can't be printed: write it as one line of plain text"


def refused_edits(plan: Mapping[str, Any]) -> str:
    """What is wrong with the commands of a plan that a person edited, as a sentence; "" where nothing is."""
    project = plan.get("project")
    entries = project.get("commands") if isinstance(project, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("kind") not in COMMANDS:
            continue
        directory = entry.get("directory")
        if not is_directory(directory):
            return "The directory of a command must be a path inside of the repository."
        if why := refusal_of(entry.get("command")):
            return f"The command `{entry['kind']}` {why}."
    return ""


def is_directory(path: object) -> bool:
    """Whether ``path`` may be that of a part: relative, inside, printable; "" is the top."""
    if not isinstance(path, str) or len(path) > MAX_DIRECTORY or not path.isprintable():
        return False
    return not path.startswith("/") and ".." not in path.split("/")
