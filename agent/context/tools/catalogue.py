"""The tools as they are described to models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.ports import ToolSpec


def _spec(tool: str, description: str, required: Sequence[str] = (), /, **properties: dict[str, Any]) -> ToolSpec:
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return ToolSpec(tool, description, schema)


_PATH = {"type": "string", "description": "Relative to the root of the repository."}
_WORDS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_LINE = {"type": "integer", "minimum": 1}

_ALL = (
    _spec(
        "list_files",
        "Lists files and folders of the repository, ignored files left out.",
        path={**_PATH, "description": "A folder; the whole repository without it."},
        depth={"type": "integer", "minimum": 1, "maximum": 10, "description": "How many levels of folders. Default 2."},
    ),
    _spec(
        "read_file",
        "Shows a text file with numbered lines. A long file comes in pieces: the result says how to read on.",
        ("path",),
        path=_PATH,
        start={**_LINE, "description": "First line, from 1."},
        end={**_LINE, "description": "Last line."},
    ),
    _spec(
        "search",
        "Finds lines that match a regular expression (ripgrep's syntax) in the files of the repository.",
        ("pattern",),
        pattern={"type": "string", "description": "For example def \\w+_price. Escape ( ) [ ] { } . * + ?."},
        path={**_PATH, "description": "A file or folder to search in; the whole repository without it."},
        glob={"type": "string", "description": "Only files like this, for example *.py or src/**/*.ts."},
        ignore_case={"type": "boolean"},
    ),
    _spec(
        "symbols",
        "Lists what a file defines (give path), or where a class, function or constant is defined (give name).",
        path=_PATH,
        name={"type": "string", "description": "The name exactly as in the code."},
    ),
    _spec(
        "run",
        "Runs one of the project's own test, lint or build commands in a sandbox without network. It must not change files.",
        ("argv",),
        argv={**_WORDS, "description": 'One string per word, no shell: ["python", "-m", "pytest"].'},
    ),
)  # fmt: skip
TOOLS: dict[str, ToolSpec] = {spec.name: spec for spec in _ALL}


def specs(names: Sequence[str]) -> list[ToolSpec]:
    """Those of ``names``, in their order. Raises KeyError for a tool that there is not."""
    return [TOOLS[name] for name in names]
