"""The tools as they are described to models. Each description tells its limits, so that no call is spent to find them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.ports import ToolSpec


def _spec(tool: str, description: str, required: Sequence[str] = (), /, **properties: dict[str, Any]) -> ToolSpec:
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
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
        "Shows text files with numbered lines, up to 12,000 characters of each and 24,000 in all; of a longer file its outline "
        "and first lines.",
        ("paths",),
        paths=_texts(
            20,
            "Paths relative to the root of the repository, whole or a range of lines: src/a.py, src/b.py:10-80. "
            "@run3:200-400 are lines of the output of the third run.",
        ),
    ),
    _spec(
        "search",
        "Finds lines that match a regular expression (ripgrep's syntax) in files of the repository, up to 12,000 characters.",
        ("pattern",),
        pattern=_text("For example def \\w+_price. Escape ( ) [ ] { } . * + ?."),
        path=_text("A file or folder to search in; the whole repository without it."),
        glob=_text("Only files like this, for example *.py or src/**/*.ts."),
        ignore_case={"type": "boolean"},
        context=_number(0, 5, "Lines to show before and after each hit. Default 0."),
    ),
    _spec(
        "symbols",
        "Lists what a file defines (give path), or where a class, function or constant is defined (give name), with lines.",
        path=_text("A file, relative to the root of the repository."),
        name=_text("The name exactly as in the code: Cart, total, Cart.total."),
    ),
    _spec(
        "list",
        "Lists files and folders of the repository, ignored files left out, up to 12,000 characters.",
        path=_text("A folder; the whole repository without it."),
        depth=_number(1, 10, "How many levels of folders. Default 2."),
    ),
    _spec(
        "history",
        "Shows the last commits that touched a file or folder, message and patch, up to 12,000 characters: how a neighbouring "
        "change was made.",
        ("path",),
        path=_text("Relative to the root of the repository; . is all of it."),
        count=_number(1, 10, "How many commits. Default 3."),
    ),
    _spec(
        "edit",
        "Changes files: one place of one file (path, old, new), one whole file (path, content), or any number of them (patch). "
        "A refused edit comes back with the file's real lines.",
        path=_text("The file, relative to the root of the repository."),
        old=_text("Lines of the file as they are now, enough of them to occur once."),
        new=_text("What stands in their place afterwards; empty deletes them."),
        content=_text("The whole new text of the file, for a new or short one."),
        patch=_text("SEARCH/REPLACE blocks, a unified diff, or FILE: sections, of any number of files."),
    ),
    _spec(
        "run",
        "Runs a shell line in the root of the repository, in a sandbox without network; shows the first and last 4,000 "
        "characters of its output. Changes to files that the plan names or that you edited are kept, others are undone; "
        "background processes end with it.",
        ("command",),
        command=_text("For example pytest -x tests/test_a.py, or python -c 'import shop; print(shop.total([]))'."),
        timeout=_number(1, 300, "Seconds. Default 120."),
    ),
    _spec(
        "finish",
        "Ends your work: the files are as they should be, and were tried where that is possible. Call it alone.",
        ("summary", "subject"),
        summary=_text("What was changed and why, for the person who asked, in a few sentences."),
        subject=_text("First line of the commit message, in the style of the repository's commits."),
        body=_text("The rest of the commit message; leave it out where the subject says all."),
        assumptions=_texts(20, "What you assumed where the task left it open, one sentence each."),
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
