"""The tools as they are described to models, in every request: a sentence for each, and nothing that an argument's name says.

Each description tells its limits, so that no call is spent to find them out. What an argument may be is checked where it is
read (``agent.tools.arguments``), which says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.ports import ToolSpec


def _spec(name: str, description: str, required: Sequence[str] = (), /, **properties: Mapping[str, Any]) -> ToolSpec:
    schema: dict[str, Any] = {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}
    return ToolSpec(name, description, schema)


_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_TEXTS = {"type": "array", "items": _TEXT}

_ALL = (
    _spec(
        "read",
        "Shows files or ranges with line numbers: src/a.py, src/b.py:10-80, @run3:200-400 (output of the third run). At most "
        "12,000 characters of each, 24,000 in all.",
        ("paths",),
        paths=_TEXTS,
    ),
    _spec(
        "search",
        "Finds lines by a regular expression (ripgrep), at most 12,000 characters.",
        ("pattern",),
        pattern=_TEXT,
        path=_TEXT,
        glob=_TEXT,
        context=_NUMBER,
    ),
    _spec("symbols", "What a file defines, or where a name is defined.", path=_TEXT, name=_TEXT),
    _spec("list", "Files and folders.", path=_TEXT, depth=_NUMBER),
    _spec("history", "The last commits of a path, with patches.", ("path",), path=_TEXT, count=_NUMBER),
    _spec(
        "edit",
        "Changes files: path, old (as it stands there, once) and new; path and content (a whole file); or patch "
        "(SEARCH/REPLACE blocks, unified diff).",
        path=_TEXT,
        old=_TEXT,
        new=_TEXT,
        content=_TEXT,
        patch=_TEXT,
    ),
    _spec(
        "run",
        "Runs a shell line at the root, without a network, for 120 seconds (timeout: at most 300); shows 4,000 characters of "
        "both ends. Only changes to planned or edited files are kept.",
        ("command",),
        command=_TEXT,
        timeout=_NUMBER,
    ),
    _spec(
        "finish",
        "Ends your work: what was changed and why, and the commit message.",
        ("summary", "subject"),
        summary=_TEXT,
        subject=_TEXT,
        body=_TEXT,
        assumptions=_TEXTS,
    ),
)  # fmt: skip
TOOLS: dict[str, ToolSpec] = {spec.name: spec for spec in _ALL}
"""In the order in which every role is offered them: providers' caches want the same list each time."""
LOOKING = ("read", "search", "symbols", "list", "history")
"""Those that change nothing and run nothing."""
UNDERSTOOD: Mapping[str, Sequence[str]] = {"search": ("ignore_case",)}
"""Arguments that are not offered, for another one says the same ((?i) of a pattern); models send them from habit."""
ALIASES: Mapping[str, str] = {"read_file": "read", "read_files": "read", "list_files": "list"}
"""Names that weak models send from habit. They are understood and not offered."""


def canonical(name: str) -> str:
    """The tool that is meant by ``name``; ``name`` itself where it has no other."""
    return ALIASES.get(name, name)


def specs(names: Sequence[str]) -> list[ToolSpec]:
    """Those of ``names``, in their order. Raises KeyError for a tool that there is not."""
    return [TOOLS[name] for name in names]
