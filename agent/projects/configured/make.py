"""Recipes of a Makefile or justfile, as far as they are plain commands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.patterns import linear
from agent.projects.configured.steps import TaskSteps
from agent.projects.files import ProjectFiles
from agent.projects.shell import MAX_LINE, SimpleCommand, commands_of

MAX_LINES = 5_000
MAX_DEPTH = 4
MAKEFILES = ("GNUmakefile", "Makefile", "makefile")
JUSTFILES = ("justfile", "Justfile", ".justfile")

_CONDITIONS = ("ifeq", "ifneq", "ifdef", "ifndef", "else", "endif")
_VARIABLE = linear(r"^(?:export\s+)?([A-Za-z_]\w*)\s*(?::|::|\?|:::)?=\s*(.*)$")
_REFERENCE = linear(r"\$[({]([A-Za-z_]\w*)[)}]|\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_KNOWN = {"PYTHON": "python", "PY": "python", "PYTEST": "pytest", "MAKE": "make", "UV": "uv", "POETRY": "poetry", "NPM": "npm"}
"""What these are mostly set to, where the file does not say."""
_NOT_HERE = linear(r"\b(?:docker|docker-compose|podman|kubectl|vagrant|ssh|curl|wget|sudo)\b")


@dataclass
class _Rules:
    recipes: dict[str, list[str]] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)


def make_steps(files: ProjectFiles, targets: Sequence[str]) -> TaskSteps | None:
    return _steps(files, MAKEFILES, "make", targets)


def just_steps(files: ProjectFiles, targets: Sequence[str]) -> TaskSteps | None:
    return _steps(files, JUSTFILES, "just", targets)


def _steps(files: ProjectFiles, names: Sequence[str], program: str, targets: Sequence[str]) -> TaskSteps | None:
    name = next((name for name in names if name in files), "")
    rules = _read(files.read(name) or "") if name else _Rules()
    target = next((target for target in targets if target in rules.recipes), "")
    if not target:
        return None
    where = f"{files.from_root(name)}: {target}"
    lines = _recipe(rules, target, MAX_DEPTH)
    if any(_NOT_HERE.search(line) for line in lines):
        return TaskSteps(where, (), f"{where} was not used: it needs docker or the network.", target)
    commands: list[SimpleCommand] = []
    for line in lines:
        commands += commands_of(_expanded(line.lstrip("@-+ \t"), rules.variables))
    return TaskSteps(where, tuple(commands), name=target)


def _read(text: str) -> _Rules:
    rules = _Rules()
    current: list[str] = []
    held = ""
    for raw in text.splitlines()[:MAX_LINES]:
        if raw.endswith("\\") and len(held) < MAX_LINE:
            held += raw[:-1] + " "
            continue
        line, held = held + raw, ""
        if line[:1] in (" ", "\t"):
            if line.strip() and not line.strip().startswith("#"):
                for recipe in current:
                    rules.recipes[recipe].append(line.strip())
            continue
        if not line.strip() or line.startswith(("#", "[", *_CONDITIONS)):
            continue
        variable = _VARIABLE.match(line)
        if variable is not None:
            rules.variables[variable[1]] = variable[2].partition(" #")[0].strip().strip("\"'")
            continue
        head, colon, tail = line.partition(":")
        current = []
        if colon and not tail.startswith("="):
            current = [
                word for word in head.lstrip("@").split() if not word.startswith(("+", "*", ".PHONY")) and "=" not in word
            ][:20]
            for name in current:
                rules.recipes.setdefault(name, [])
                rules.needs.setdefault(name, []).extend(tail.partition("#")[0].partition(";")[0].split()[:50])
    return rules


def _recipe(rules: _Rules, target: str, depth: int) -> list[str]:
    """Its own lines; where it has none, those of what it needs."""
    lines = rules.recipes.get(target, [])
    if lines or not depth:
        return lines
    return [line for name in rules.needs.get(target, ())[:10] for line in _recipe(rules, name, depth - 1)]


def _expanded(line: str, variables: Mapping[str, str]) -> str:
    """With variables put in; those that nothing says are left out, as make does."""

    def value(hit: re.Match[str]) -> str:
        name = hit[1] or hit[2]
        return variables.get(name, _KNOWN.get(name, ""))

    for _ in range(MAX_DEPTH):
        if len(line) > MAX_LINE or not _REFERENCE.search(line):
            break
        line = _REFERENCE.sub(value, line)
    return line.replace("$$", "$")
