"""The tools as they are described to models. Each description tells its limits, so that no call is spent to find them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.ports import ToolSpec


def _spec(tool: str, description: str, required: Sequence[str] = (), /, **properties: dict[str, Any]) -> ToolSpec:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return ToolSpec(tool, description, schema)


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _number(least: int, most: int, description: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, "description": description}


def _texts(most: int, description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": most, "description": description}


_ALL = (
    _spec(
        "read",
        "Shows text files with numbered lines, at most 12,000 characters of each and 24,000 in all; of long ones an outline.",
        ("paths",),
        paths=_texts(20, "Whole files or ranges: src/a.py, src/b.py:10-80. @run3:200-400 is output of the third run."),
    ),
    _spec(
        "search",
        "Finds lines that match a regular expression (ripgrep's syntax), up to 12,000 characters.",
        ("pattern",),
        pattern=_text("Escape ( ) [ ] { } . * + ?"),
        path=_text("A file or folder; all without it."),
        glob=_text("For example *.py"),
        ignore_case={"type": "boolean"},
        context=_number(0, 5, "Lines around each hit."),
    ),
    _spec("symbols", "Lists what a file defines, or where a name is defined.", path=_text("A file."), name=_text("Cart.total")),
    _spec("list", "Lists files and folders.", path=_text("A folder; all without it."), depth=_number(1, 10, "Default 2.")),
    _spec(
        "history",
        "Shows the last commits that touched a path, with their patches.",
        ("path",),
        path=_text("A file or folder."),
        count=_number(1, 10, "Default 3."),
    ),
    _spec(
        "edit",
        "Changes files: path, old and new for one place; path and content for a whole file; patch for any number of files. A "
        "refused edit comes back with the file's real lines.",
        path=_text("The file."),
        old=_text("Text as it stands in the file, enough of it to occur once."),
        new=_text("What stands there afterwards."),
        content=_text("The whole new text."),
        patch=_text("SEARCH/REPLACE blocks, a unified diff, or FILE: sections."),
    ),
    _spec(
        "run",
        "Runs a shell line at the root, without a network; shows the first and last 4,000 characters of its output. Only "
        "changes to files that the plan names or that you edited are kept.",
        ("command",),
        command=_text("For example pytest -x tests/test_a.py"),
        timeout=_number(1, 300, "Seconds. Default 120."),
    ),
    _spec(
        "finish",
        "Ends your work, once the change is made and tried.",
        ("summary", "subject"),
        summary=_text("What was changed and why, in a few sentences."),
        subject=_text("First line of the commit message."),
        body=_text("The rest of it, where the subject does not say all."),
        assumptions=_texts(20, "What you assumed where the task left it open."),
    ),
)  # fmt: skip
TOOLS: dict[str, ToolSpec] = {spec.name: spec for spec in _ALL}
"""In the order in which every role is offered them: providers' caches want the same list each time."""
LOOKING = ("read", "search", "symbols", "list", "history")
"""Those that change nothing and run nothing."""
ALIASES: Mapping[str, str] = {"read_file": "read", "read_files": "read", "list_files": "list"}
"""Names that weak models send from habit. They are understood and not offered."""


def canonical(name: str) -> str:
    """The tool that is meant by ``name``; ``name`` itself where it has no other."""
    return ALIASES.get(name, name)


def specs(names: Sequence[str]) -> list[ToolSpec]:
    """Those of ``names``, in their order. Raises KeyError for a tool that there is not."""
    return [TOOLS[name] for name in names]
