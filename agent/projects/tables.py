"""Values of hostile TOML, INI and YAML by their keys, whatever stands where a table was expected."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from agent.documents import Unreadable, read_ini, read_json, read_python, read_toml, read_yaml
from agent.projects.files import ProjectFiles

MAX_INI = 512 * 1024
MAX_SOURCE = 200_000
"""Characters of Python source."""
MAX_TEXTS = 1_000


def toml_of(files: ProjectFiles, path: str) -> Mapping[str, Any]:
    """Empty where the file is missing or can't be read."""
    return table(_parsed(files, path, read_toml))


def ini_of(files: ProjectFiles, path: str) -> Mapping[str, Mapping[str, str]]:
    """Empty where the file is missing, can't be read, or is longer than ``MAX_INI``."""
    return _parsed(files, path, _read_ini) or {}


def _read_ini(text: str) -> Mapping[str, Mapping[str, str]]:
    return read_ini(text) if len(text) <= MAX_INI else {}


def yaml_of(files: ProjectFiles, path: str) -> Any:
    """An empty text where the file is missing or can't be read."""
    return _parsed(files, path, read_yaml) or ""


def json_of(files: ProjectFiles, path: str) -> Mapping[str, Any]:
    """Empty where the file is missing, can't be read, or holds something else."""
    return table(_parsed(files, path, read_json))


def python_of(files: ProjectFiles, path: str) -> ast.Module:
    """An empty module where the file is missing, can't be read, or is longer than ``MAX_SOURCE``."""
    return _parsed(files, path, _read_python) or ast.Module([], [])


def _read_python(text: str) -> ast.Module | None:
    return read_python(text) if len(text) <= MAX_SOURCE else None


def _parsed(files: ProjectFiles, path: str, read: Callable[[str], Any]) -> Any:
    key = (read.__name__, path)
    if key not in files.parsed:
        text = files.read(path)
        try:
            files.parsed[key] = read(text) if text else None
        except Unreadable:
            files.parsed[key] = None
    return files.parsed[key]


def table(value: Any, *keys: str) -> Mapping[str, Any]:
    """The table below ``keys``; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def text(value: Any, *keys: str) -> str:
    """The text below ``keys``; "" where there is none."""
    value = table(value, *keys[:-1]).get(keys[-1]) if keys else value
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """``value`` where it is a list of texts, or one text."""
    if isinstance(value, str):
        return [value]
    return [entry for entry in value[:MAX_TEXTS] if isinstance(entry, str)] if isinstance(value, list) else []
