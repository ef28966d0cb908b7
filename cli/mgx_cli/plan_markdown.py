"""A plan as Markdown, for a person's editor, and back.

What Markdown does not show (the estimate, the profile of the project, further fields of a step) is kept from the plan that was
shown. Reading takes one pass over the lines; what can't be placed is an error with its line, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mgx_cli.errors import UsageError

KINDS = ("create", "modify", "delete", "test", "docs", "config", "change")
HEAD = "<!-- Save and close to send the plan; leave it unchanged to send nothing. A step may have lines files, kind, why. -->"
_STEP = re.compile(r"\d{1,4}[.)]\s+(.*)")
_FIELD = re.compile(r"\s{2,}[-*]\s+(files|kind|why):(.*)")
_ITEM = re.compile(r"[-*]\s+(.*)")
SECTIONS = {"steps": "steps", "risks": "risks", "tests": "test_strategy", "questions": "questions", "commands": "commands"}
"""Heading → field; that of commands is in ``project``."""


def written(plan: Mapping[str, Any]) -> str:
    lines = [HEAD, "", f"# {_flat(plan.get('summary'))}", "", "## Steps", ""]
    for number, step in enumerate(plan.get("steps") or (), 1):
        lines.append(f"{number}. {_flat(step.get('title'))}")
        shown = {"files": ", ".join(map(str, step.get("files") or ())), "kind": step.get("kind"), "why": _flat(step.get("why"))}
        lines += [f"   - {name}: {text}" for name, text in shown.items() if text]
    for heading, field in (("Risks", "risks"), ("Questions", "questions")):
        if plan.get(field):
            lines += ["", f"## {heading}", "", *(f"- {_flat(_title(entry))}" for entry in plan[field])]
    if commands := _commands(plan):
        lines += ["", "## Commands", "", *(f"- {label}: {entry['command']}" for label, entry in commands.items())]
    lines += ["", "## Tests", "", str(plan.get("test_strategy") or "").strip()]
    return "\n".join(lines).rstrip() + "\n"


def read(text: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    """The plan that the edited text says, with what was not shown of ``shown``. Raises UsageError with the line at fault."""
    plan: dict[str, Any] = {**shown, "summary": "", "steps": [], "risks": [], "questions": [], "test_strategy": ""}
    before = {_flat(step.get("title")): dict(step) for step in shown.get("steps") or ()}
    known = {_flat(_title(entry)): entry for field in ("risks", "questions") for entry in shown.get(field) or ()}
    commands = _commands(shown)
    section, prose = "", []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.strip() == HEAD:
            continue
        if line.startswith("# ") and not plan["summary"]:
            plan["summary"] = line[2:].strip()
        elif line.startswith("## "):
            section = SECTIONS.get(line[3:].strip().lower(), "")
            if not section:
                raise _refused(
                    number, f"{line.strip()!r} is not a heading of a plan", "Steps, Risks, Questions, Commands, Tests"
                )
        elif section == "test_strategy":
            prose.append(line.rstrip())
        elif section == "steps":
            _read_step(number, line, plan["steps"], before)
        elif section == "commands" and (item := _ITEM.match(line)):
            label, _, command = item[1].partition(": ")
            if label not in commands:
                raise _refused(number, f"{label[:60]!r} is not a command of this plan", ", ".join(commands) or "none")
            commands[label] = {**commands[label], "command": command.strip()}
        elif section and (item := _ITEM.match(line)):
            plan[section].append(known.get(item[1].strip(), item[1].strip()))
        else:
            raise _refused(number, f"{line.strip()[:60]!r} has no place", "# SUMMARY, then ## Steps with 1. TITLE")
    if not plan["summary"]:
        raise UsageError("The plan has no summary.", hint="Its first heading is the summary: # What is done")
    plan["test_strategy"] = "\n".join(prose)
    if commands:
        plan["project"] = {**shown["project"], "commands": list(commands.values())}
    return {name: value for name, value in plan.items() if value or name in shown}


def _read_step(number: int, line: str, steps: list[dict[str, Any]], before: Mapping[str, dict[str, Any]]) -> None:
    if found := _STEP.match(line):
        title = found[1].strip()
        rest = {name: value for name, value in before.get(title, {}).items() if name not in ("files", "kind", "why")}
        steps.append({**rest, "title": title, "files": [], "kind": "modify", "why": ""})
    elif (field := _FIELD.match(line)) and steps:
        name, value = field[1], field[2].strip()
        if name == "kind" and value not in KINDS:
            raise _refused(number, f"{value!r} is not a kind of step", ", ".join(KINDS))
        steps[-1][name] = [path.strip() for path in value.split(",") if path.strip()] if name == "files" else value
    else:
        raise _refused(
            number, f"{line.strip()[:60]!r} is neither a step nor a line of one", "1. TITLE, or below it: - files: …"
        )


def _commands(plan: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By a label such as ``test in web (node)``, in the plan's order."""
    project = plan.get("project")
    rows = (project.get("commands") if isinstance(project, Mapping) else None) or ()
    return {
        f"{row['kind']}{' in ' + row['directory'] if row.get('directory') else ''}"
        f"{' (' + row['ecosystem'] + ')' if row.get('ecosystem') else ''}": dict(row)
        for row in rows
    }


def _refused(number: int, what: str, expected: str) -> UsageError:
    return UsageError(f"The plan can't be read: line {number}: {what}.", hint=f"Expected: {expected}")


def _flat(text: object) -> str:
    return " ".join(str(text or "").split())


def _title(entry: object) -> object:
    return entry.get("title", "") if isinstance(entry, Mapping) else entry
