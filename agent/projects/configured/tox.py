"""The commands of a tox environment, from tox.ini, tox.toml, setup.cfg or pyproject.toml (tox.wiki/en/latest/config.html).

The environment is made by us, so that only ``commands``, ``set_env``, ``changedir`` and their substitutions count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.documents import Unreadable, read_ini
from agent.patterns import linear
from agent.projects.configured.steps import TaskSteps
from agent.projects.files import ProjectFiles
from agent.projects.shell import MAX_LINE, SimpleCommand, commands_of, lines_of
from agent.projects.tables import ini_of, table, text, texts, toml_of

MAX_LINES = 200
MAX_ENVIRONMENTS = 50
MAX_ROUNDS = 5
"""Of substitution: a reference to a section may have references."""

UNKNOWN = "\1"
"""Stands for a path of tox's own directories; a character that no line of a command has."""
Sections = Mapping[str, Mapping[str, Any]]
_SUBSTITUTION = linear(r"\{([^{}]*)\}")
_FACTORS = linear(r"^([!\w.,{}-]+):\s+(.*)$")
_CHOICE = linear(r"\{([^{},]*)[^{}]*\}")
_NO_BRACES = str.maketrans("", "", "{}")
_HERE = ("toxinidir", "tox_root")
_PYTHON = ("envpython", "env_python", "basepython", "base_python")
_ASSIGNMENT = linear(r"([A-Za-z_]\w{0,60})\s*=\s*(.*)")
_NOT_OURS = ("PATH", "HOME", "LD_", "PIP_", "UV_", "VIRTUALENV", "COVERAGE_", "TOX_")
LINTING = (
    "lint",
    "linters",
    "linting",
    "style",
    "format",
    "flake8",
    "black",
    "ruff",
    "mypy",
    "typing",
    "type",
    "types",
    "check",
    "qa",
)
"""Environments that are asked for linters and formatters."""


def tox_steps(files: ProjectFiles, names: Sequence[str] = ()) -> TaskSteps | None:
    """Of the first environment of ``names`` that has commands; without names, of the one that runs the tests by default."""
    found = _sections(files)
    if found is None:
        return None
    where, sections = found
    for name in [*names, "py", *_listed(sections)][:MAX_ENVIRONMENTS]:
        section = f"testenv:{name}" if f"testenv:{name}" in sections else "testenv"
        if (names and name in names) or section == "testenv" or name.startswith("py"):
            steps = _steps(where, sections, section, set(name.split("-")))
            if steps is not None and (steps.commands or steps.refused):
                return steps
    return None


def tox_environments(files: ProjectFiles) -> list[str]:
    found = _sections(files)
    return [name.partition(":")[2] for name in found[1] if name.startswith("testenv:")][:MAX_ENVIRONMENTS] if found else []


def _sections(files: ProjectFiles) -> tuple[str, Sections] | None:
    """The file, and its sections by the names that they have in tox.ini."""
    ini = ini_of(files, "tox.ini")
    if any(name.startswith(("testenv", "tox")) for name in ini):
        return "tox.ini", ini
    if data := toml_of(files, "tox.toml"):
        return "tox.toml", _native(data)
    if tool := table(toml_of(files, "pyproject.toml"), "tool", "tox"):
        if legacy := text(tool, "legacy_tox_ini"):
            try:
                return "pyproject.toml: [tool.tox]", read_ini(legacy)
            except Unreadable:
                return None
        return "pyproject.toml: [tool.tox]", _native(tool)
    setup = ini_of(files, "setup.cfg")
    if "testenv" in setup or "tox:tox" in setup:
        return "setup.cfg", {**setup, "tox": setup.get("tox:tox", {})}
    return None


def _native(data: Mapping[str, Any]) -> Sections:
    base = table(data, "env_run_base")
    sections: dict[str, Mapping[str, Any]] = {"tox": data, "testenv": base}
    for name, section in table(data, "env").items():
        sections[f"testenv:{name}"] = {**base, **section} if isinstance(section, Mapping) else base
    return sections


def _listed(sections: Sections) -> Iterator[str]:
    """Names of the env_list, of generated ones the first of each choice: ``py{39,310}-{a,b}`` → ``py39-a``."""
    main = sections.get("tox", {})
    value = main.get("env_list", main.get("envlist", ""))
    names = value.replace("\n", ",") if isinstance(value, str) else ",".join(texts(value))
    for name in _outside_of_braces(names[:MAX_LINE]):
        yield _CHOICE.sub(r"\1", name.strip())


def _outside_of_braces(names: str) -> list[str]:
    found, depth = [""], 0
    for char in names:
        depth += (char == "{") - (char == "}")
        if char == "," and not depth:
            found.append("")
        else:
            found[-1] += char
    return [name for name in found if name.strip()]


def _steps(where: str, sections: Sections, name: str, factors: set[str]) -> TaskSteps | None:
    section = sections.get(name, {})
    base = sections.get("testenv", {})
    commands = section.get("commands", base.get("commands"))
    if commands is None:
        return None
    lines = _lines(commands, factors) if isinstance(commands, str) else _of_lists(commands)
    environment = tuple(_environment(sections, _either(section, base, "set_env", "setenv"), factors))
    moved = _filled(sections, text(_either(section, base, "change_dir", "changedir")))
    directory = "" if UNKNOWN in moved else moved.removeprefix(".").strip("/")
    found: list[SimpleCommand] = []
    for line in lines:
        for command in commands_of(_filled(sections, line)):
            words = command.words[1:] if command.words[0] in ("-", "!") else command.words
            words = _without_unknown((words[0].lstrip("-!"), *words[1:]) if words else ())
            if words and words[0]:
                inside = (*environment, *command.environment)
                found.append(SimpleCommand(words, inside, command.directory or directory))
    place = f"{where}: [{name}] commands" if where.endswith((".ini", ".cfg")) else f"{where} {name} commands"
    return TaskSteps(place, tuple(found), name=name.partition(":")[2])


def _either(section: Mapping[str, Any], base: Mapping[str, Any], new: str, old: str) -> Any:
    """A setting by its name of today or that of tox 3, of the section or of what it inherits."""
    return section.get(new, section.get(old, base.get(new, base.get(old))))


def _lines(commands: str, factors: set[str]) -> Iterator[str]:
    """Those that count for an environment with ``factors``; a line is ``factors: command`` or a command."""
    for line in lines_of(commands, MAX_LINES):
        hit = _FACTORS.match(line)
        if hit is None or "://" in hit[1]:
            yield line
        elif any(_holds(choice, factors) for choice in hit[1].translate(_NO_BRACES).split(",")):
            yield hit[2]


def _holds(choice: str, factors: set[str]) -> bool:
    return all((part[1:] not in factors) if part.startswith("!") else (part in factors) for part in choice.split("-"))


def _of_lists(commands: Any) -> Iterator[str]:
    """Native TOML: a list of lists of words; ``{replace = "posargs", default = […]}`` is its default."""
    for command in commands[:MAX_LINES] if isinstance(commands, list) else ():
        words: list[str] = []
        for word in command if isinstance(command, list) else ():
            words += [word] if isinstance(word, str) else texts(table(word).get("default"))
        yield " ".join(words)


def _environment(sections: Sections, value: Any, factors: set[str]) -> Iterator[str]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    lines = list(_lines(value, factors)) if isinstance(value, str) else [f"{name}={said}" for name, said in pairs]
    for line in lines[:20]:
        filled = _filled(sections, line)
        hit = _ASSIGNMENT.fullmatch(filled)
        if hit is not None and UNKNOWN not in filled and not hit[1].startswith(_NOT_OURS):
            yield f"{hit[1]}={hit[2]}"


def _filled(sections: Sections, line: str) -> str:
    """``line`` with its substitutions, ``UNKNOWN`` for those that are not known here."""

    def value(hit: re.Match[str]) -> str:
        name, _, rest = hit[1].partition(":")
        if name in _HERE:
            return "."
        if name in _PYTHON:
            return "python"
        if name == "posargs":
            return rest
        if name == "env":
            return rest.partition(":")[2]
        if name.startswith("[") and "]" in name:
            section, _, key = name[1:].partition("]")
            return text(sections.get(section, {}), key)
        return UNKNOWN

    line = line.replace("{:}", ":").replace("{/}", "/")
    for _ in range(MAX_ROUNDS):
        if len(line) > MAX_LINE or not _SUBSTITUTION.search(line):
            break
        line = _SUBSTITUTION.sub(value, line)
    return "" if len(line) > MAX_LINE else line.replace("./", "", 1) if line.startswith("./") else line


def _without_unknown(words: Sequence[str]) -> tuple[str, ...]:
    """Without options whose value is not known here ("--basetemp={env_tmp_dir}"); () where another word is not known."""
    kept: list[str] = []
    for word in words:
        if UNKNOWN not in word:
            kept.append(word)
        elif not (word.startswith("-") and "=" in word):
            if not kept or not kept[-1].startswith("--") or "=" in kept[-1]:
                return ()
            kept.pop()
    return tuple(kept)
