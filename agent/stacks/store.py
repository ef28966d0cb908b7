"""Reads the catalogue, once, when it is first asked for."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from agent.stacks.model import FormatTool, Signals, Stack, UnknownStack

HERE = Path(__file__).parent


@cache
def catalogue() -> tuple[Stack, ...]:
    """All stacks, sorted by id."""
    return tuple(_read(path) for path in sorted((HERE / "catalogue").glob("*.toml")))


def get(id: str) -> Stack:
    """The stack called ``id``. Raises ``UnknownStack``."""
    for stack in catalogue():
        if stack.id == id:
            return stack
    known = ", ".join(stack.id for stack in catalogue())
    raise UnknownStack(
        f"There is no stack called {id!r}.",
        hint=f"Use one of: {known}; or none for no stack's rules; or leave it out and it is inferred.",
    )


def _read(path: Path) -> Stack:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    files, commands = data["files"], data.get("commands", {})
    starter = HERE / "starters" / path.stem
    return Stack(
        id=path.stem,
        title=data["title"],
        language=data["language"],
        project_type=data["project_type"],
        package_manager=data["package_manager"],
        files_required=tuple(files.get("required", ())),
        files_forbidden=tuple(files.get("forbidden", ())),
        markers=tuple(files.get("markers", ())),
        packages=tuple(data.get("packages", ())),
        imports_forbidden=tuple(data.get("imports_forbidden", ())),
        install=tuple(commands.get("install", ())),
        tests=tuple(tuple(line) for line in commands.get("tests", ())),
        build=tuple(commands.get("build", ())),
        lint=tuple(commands.get("lint", ())),
        format=tuple(_tool(entry) for entry in data.get("format", ())),
        signals=_signals(data.get("signals", {})),
        prompt_notes=data["prompt_notes"].strip(),
        starter=starter if starter.is_dir() else None,
        test_files=tuple(files.get("tests", ())),
    )


def _tool(entry: dict[str, Any]) -> FormatTool:
    return FormatTool(
        name=entry["name"],
        argv=tuple(entry["argv"]),
        check=tuple(entry["check"]),
        suffixes=tuple(entry["suffixes"]),
        config=tuple(entry.get("config", ())),
        fallback=tuple(entry.get("fallback", ())),
        stands_in_for=entry.get("stands_in_for", ""),
        optional=entry.get("optional", False),
    )


def _signals(data: dict[str, Any]) -> Signals:
    tables = ("words", "languages", "web_languages", "code", "named_files", "files", "packages")
    weighed = {name: tuple(data.get(name, {}).items()) for name in tables}
    objects = {word: tuple(after) for word, after in data.get("objects", {}).items()}
    return Signals(**weighed, objects=objects, includes=tuple(data.get("includes", ())))
