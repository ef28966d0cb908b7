"""Values of manifests, whose files and shapes are as hostile as any other text of a repository.

What is missing, can't be parsed or has another shape than its format says is empty here: a profile says what it found, and
nothing about what it could not read is guessed.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from agent.documents import Unreadable, read_commented_json, read_json, read_toml, read_yaml
from agent.projects.files import ProjectFiles

MAX_TEXT = 200
"""Characters of a name, version or path that is shown to people."""
MAX_ENTRIES = 2_000
"""Of one list."""


def json_object(files: ProjectFiles, path: str) -> dict[str, Any]:
    return _parsed(files, path, read_json)


def json_with_comments(files: ProjectFiles, path: str) -> dict[str, Any]:
    return _parsed(files, path, read_commented_json)


def toml_table(files: ProjectFiles, path: str) -> dict[str, Any]:
    return _parsed(files, path, read_toml)


def yaml_map(files: ProjectFiles, path: str) -> dict[str, Any]:
    return _parsed(files, path, read_yaml)


def xml_root(files: ProjectFiles, path: str) -> ET.Element | None:
    """None also for a document with a type or entities of its own, which could stand for any length of text."""
    source = files.read(path)
    if source is None or "<!DOCTYPE" in source or "<!ENTITY" in source:
        return None
    try:
        return ET.fromstring(source)
    except (ET.ParseError, ValueError):  # ValueError: half a surrogate pair
        return None


def xml_text(root: ET.Element | None, *path: str) -> str:
    """The text of the first element at ``path``, whatever its namespace; "" where it is missing."""
    found = root
    for name in path:
        found = found.find(f"{{*}}{name}") if found is not None else None
    return text(found.text) if found is not None else ""


def table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """One line of at most ``MAX_TEXT`` characters; "" for what is not a text."""
    return " ".join(value[: MAX_TEXT * 2].split())[:MAX_TEXT] if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list; a text alone is a list of one."""
    entries = [value] if isinstance(value, str) else value if isinstance(value, list) else ()
    return tuple(found for entry in entries[:MAX_ENTRIES] if (found := text(entry)))


def _parsed(files: ProjectFiles, path: str, read: Callable[[str], Any]) -> dict[str, Any]:
    source = files.read(path)
    if source is None:
        return {}
    try:
        return table(read(source))
    except Unreadable:
        return {}
