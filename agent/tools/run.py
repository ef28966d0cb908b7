"""The tool ``run``: any shell line, in the sandbox, without a network.

What it changes counts only where the caller says so (files of the plan, files that were edited); the journal undoes the rest,
so that lock files, caches and products of builds never become part of a change by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from agent.changes.by_command import Keep
from agent.patterns import linear
from agent.ports import JSONObject
from agent.projects import ProjectProfile
from agent.tools import arguments as read
from agent.tools.result import Refused, ToolResult, clean, fitting

TIMEOUT = 120
MAX_TIMEOUT = 300
MAX_SHOWN = 8_000
"""Characters of output that the model sees at once; the rest it reads."""
MAX_LINE = 1_000
MAX_TOLD = 20
"""Paths of one kind that a result names."""
_ANSI = linear(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]*\x07)")
_CD = linear(r"^\s*cd\s+([\w./-]+)\s*(?:&&|;|\n)\s*")


class Runner(Protocol):
    """`agent.checks.commands.Commands`: one mutating step of the journal between two events."""

    async def run_line(
        self, line: str, root: Path, *, keep: Keep, timeout: float, directory: str = "", rest: str = ""
    ) -> JSONObject: ...


def nothing(path: str) -> bool:
    """Keeps no change: for the planner, the reviewer and the tester."""
    return False


async def run(
    commands: Runner | None, root: Path, profile: ProjectProfile, arguments: JSONObject, *, keep: Keep, outputs: list[str]
) -> ToolResult:
    """Runs the shell line ``arguments["command"]`` for at most ``arguments["timeout"]`` seconds (120, at most 300).

    ``outputs`` are the outputs of earlier runs of the same conversation, the first one ``@run1``; this one's is appended, also
    when the step is replayed, so that `read` finds it. ``ToolResult.kept`` names what it created, changed or deleted and
    ``keep`` has taken: whoever shows files must read these again. A line that fails is a result, not an error. Raises
    ``Refused`` for wrong arguments, and what the sandbox raises when it can't run anything at all (``Paused``).
    """
    line = read.command(arguments)
    timeout = read.number(arguments, "timeout", TIMEOUT)
    if commands is None:
        raise Refused("Commands can't be run at this point. Use the tools that read.")
    directory, rest = _directory(line, profile)
    timeout = min(timeout, MAX_TIMEOUT)
    found = await commands.run_line(line, root, keep=keep, timeout=timeout, directory=directory, rest=rest)
    output = plain(found["output"])
    outputs.append(output)
    ended = f"It was stopped after {timeout} seconds." if found["timed_out"] else f"Exit code {found['exit_code']}."
    parts = [f"@run{len(outputs)}: {ended}", *_shown(output, len(outputs)), *_told(found)]
    return ToolResult("\n".join(parts), kept=list(found["kept"]), has_failed=found["timed_out"] or found["exit_code"] != 0)


def _directory(line: str, profile: ProjectProfile) -> tuple[str, str]:
    """The folder of a part of the project that the line goes to first, and what it does there; "" and "" for any other line."""
    hit = _CD.match(line)
    if hit is None or not line[hit.end() :].strip():
        return "", ""
    folder = hit[1].removeprefix("./").rstrip("/")
    parts = [part.directory for part in profile.parts if part.directory]
    known = ".." not in folder.split("/") and any(f"{folder}/".startswith(f"{directory}/") for directory in parts)
    return (folder, line[hit.end() :]) if known else ("", "")


def plain(output: str) -> str:
    """Output as lines of text: without colours, and of a line that was painted over the last state."""
    lines = (_ANSI.sub("", line.rstrip("\r")).rpartition("\r")[2] for line in output.split("\n"))
    return clean("\n".join(lines)).strip("\n")


def _shown(output: str, number: int) -> list[str]:
    """All of it, or its first and last lines and how to read those between."""
    if len(output) <= MAX_SHOWN:
        return [output] if output else ["(no output)"]
    lines = [line if len(line) <= MAX_LINE else line[:MAX_LINE] + "… (cut)" for line in output.split("\n")]
    head, _ = fitting(lines, limit=MAX_SHOWN // 2)
    tail = fitting(reversed(lines[len(head) :]), limit=MAX_SHOWN // 2)[0][::-1]
    first, last = len(head) + 1, len(lines) - len(tail)
    if first > last:
        return lines
    between = f"… {last - first + 1} lines are not shown here. Read them: @run{number}:{first}-{last}"
    return [*head, between, *tail]


def _told(found: JSONObject) -> list[str]:
    told = []
    if found["kept"]:
        told.append("Kept: " + _listed(found["kept_as"]))
    told += [f"Not kept: {path}, for {reason}." for path, reason in list(found["refused"].items())[:MAX_TOLD]]
    dropped = {path: act for path, act in found["dropped"].items() if path not in found["refused"]}
    if dropped:
        told.append("Undone, for neither the plan names it nor did you edit it: " + _listed(dropped, found["more"]))
    return told


def _listed(acts: Mapping[str, str], more: int = 0) -> str:
    names = [f"{path} ({act})" for path, act in list(acts.items())[:MAX_TOLD]]
    beyond = len(acts) - len(names) + more
    return ", ".join(names) + (f", and {beyond} more" if beyond > 0 else "")
