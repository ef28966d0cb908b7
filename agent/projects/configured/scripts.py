"""Scripts that pyproject.toml and the Pipfile name: those of hatch environments, PDM, Poe, taskipy, Rye and Pipenv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.projects.configured.steps import TaskSteps
from agent.projects.files import ProjectFiles
from agent.projects.shell import SimpleCommand, commands_of
from agent.projects.tables import table, texts, toml_of

MAX_ENVIRONMENTS = 50
TOOLS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "pdm": ("pyproject.toml", ("tool", "pdm", "scripts")),
    "poe": ("pyproject.toml", ("tool", "poe", "tasks")),
    "task": ("pyproject.toml", ("tool", "taskipy", "tasks")),
    "rye": ("pyproject.toml", ("tool", "rye", "scripts")),
    "pipenv": ("Pipfile", ("scripts",)),
}
"""Program → the file and table of its scripts."""


def script_steps(files: ProjectFiles, tool: str, names: Sequence[str]) -> TaskSteps | None:
    """Of the first script of ``names`` that ``tool`` has."""
    if tool == "hatch":
        return _hatch(files, names)
    path, keys = TOOLS[tool]
    scripts = table(toml_of(files, path), *keys)
    name = next((name for name in names if name in scripts), None)
    if name is None:
        return None
    return TaskSteps(f"{path}: {'.'.join(keys)}.{name}", tuple(_commands(scripts[name], scripts)), name=name)


def _hatch(files: ProjectFiles, names: Sequence[str]) -> TaskSteps | None:
    """``names`` are scripts, or ``environment:script``."""
    environments = table(toml_of(files, "pyproject.toml"), "tool", "hatch", "envs") or table(
        toml_of(files, "hatch.toml"), "envs"
    )
    for name in names:
        wanted, _, script = name.rpartition(":")
        for environment in [wanted] if wanted else ["default", *environments][:MAX_ENVIRONMENTS]:
            scripts = {**table(environments, "default", "scripts"), **table(environments, environment, "scripts")}
            if script in scripts:
                return TaskSteps(
                    f"hatch: envs.{environment}.scripts.{script}", tuple(_commands(scripts[script], scripts)), name=name
                )
    return None


def _commands(value: Any, scripts: Mapping[str, Any], depth: int = 3) -> list[SimpleCommand]:
    """``value`` is a line, a list of lines, or a table with ``cmd``, ``shell``, ``composite``, ``sequence`` or ``chain``."""
    found: list[SimpleCommand] = []
    if isinstance(value, Mapping):
        inner = next((value[key] for key in ("cmd", "shell", "composite", "sequence", "chain") if key in value), "")
        parts = texts(inner)
        words = isinstance(value.get("cmd"), list)
        return [SimpleCommand(tuple(parts))] if words and parts else _commands(inner, scripts, depth)
    for line in texts(value)[:20]:
        for command in commands_of(_without_arguments(line)):
            named = scripts.get(command.words[0]) if depth else None
            found += [command] if named is None or named == value else _commands(named, scripts, depth - 1)
    return found


def _without_arguments(line: str) -> str:
    """``pytest {args:tests}`` → ``pytest tests``; other fields (``{root}``) are left out."""
    out = ""
    for at, part in enumerate(line.split("{")):
        field, brace, rest = part.partition("}") if at else ("", "}", part)
        default = field.partition(":")[2] if field.startswith("args") else ""
        out += default + rest if brace else f"{{{part}"
    return out


def hatch_test(files: ProjectFiles) -> tuple[str, ...]:
    """What ``hatch test`` runs (hatch.pypa.io/latest/config/internal/testing)."""
    environment = table(toml_of(files, "pyproject.toml"), "tool", "hatch", "envs", "hatch-test")
    return ("pytest", *(texts(environment.get("default-args")) or ["tests"]))


def has_script(files: ProjectFiles, tool: str, name: str) -> bool:
    path, keys = TOOLS[tool]
    return name in table(toml_of(files, path), *keys)
