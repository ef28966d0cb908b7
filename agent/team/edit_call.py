"""The arguments of the tool ``edit``, as edits."""

from __future__ import annotations

from pathlib import Path

from agent.context.paths import is_regular, is_secret
from agent.patch import Edits, unsafe_reason
from agent.patch.parse import whole_file
from agent.patch.replacement import replacement
from agent.ports import JSONObject
from agent.team.parsing.edits import read_answer

MAX_BYTES = 4 << 20
KNOWN = ("path", "old", "new", "content", "patch")
HOW = (
    "Send {path, old, new} to replace text that occurs once, {path, content} for a whole file, or {patch} with SEARCH/REPLACE "
    "blocks or a unified diff."
)


def edits_of(root: Path, arguments: JSONObject) -> Edits | str:
    """The edits, or what is wrong with the arguments. ``root`` is where the file is that they replace a part of."""
    given = {name: arguments[name] for name in KNOWN if arguments.get(name) is not None}
    line = arguments.get("insert_line")
    if wrong := [name for name, value in given.items() if not isinstance(value, str)]:
        return f'"{str(wrong[0])[:40]}" must be a string. {HOW}'
    path, old, new, content = (given.get(name) for name in ("path", "old", "new", "content"))
    if given.get("patch"):
        return _patch(path, given["patch"]) if not (old or content) else f"Send one kind of edit at a time. {HOW}"
    if not path or not path.strip() or "\n" in path:
        return f'"path" is missing, or has more than one line. {HOW}'
    path = _relative(path)
    # some models send every argument, empty where they mean none
    if content is not None and not old and not new and (content or old is new is None):
        return whole_file(path, content)
    if line is not None and new:
        return _inserted(root, path, line, new)
    if old is None or new is None:
        return f"The edit of {path[:200]} is not complete. {HOW}"
    if old == new:
        return f'"old" and "new" are the same, so {path[:200]} would not change.'
    return replacement(path, old, new, _now(root, path))


def _patch(path: str | None, patch: str) -> Edits:
    """Of one file whose ``path`` is given beside it, the patch may leave that out."""
    edits = read_answer(patch)
    if edits.error is None or not path or "\n" in path:
        return edits
    bare, name = patch.lstrip("\n"), _relative(path)
    head = f"--- a/{name}\n+++ b/{name}\n" if bare.startswith("@@") else f"{name}\n"
    named = read_answer(head + bare)
    return named if named.error is None else edits


def _relative(path: str) -> str:
    path = path.strip()
    return path.removeprefix("./") if path != "./" else path


def _inserted(root: Path, path: str, line: object, new: str) -> Edits | str:
    """``new`` behind the ``line``, as a replacement of so many lines around it that they occur once."""
    text = _now(root, path)
    lines = [] if text is None else text.splitlines(keepends=True)
    if text is None or not isinstance(line, int) or not 0 <= line <= len(lines):
        return f"{path[:200]} has no line {str(line)[:20]} to insert after. {HOW}"
    new = new if new.endswith("\n") else f"{new}\n"
    around = 1
    first, last = max(line - around, 0), min(line + around, len(lines))
    while (first, last) != (0, len(lines)) and text.count("".join(lines[first:last])) != 1:
        around *= 2
        first, last = max(line - around, 0), min(line + around, len(lines))
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    before, behind = "".join(lines[first:line]), "".join(lines[line:last])
    return replacement(path, before + behind, before + new + behind, text)


def _now(root: Path, path: str) -> str | None:
    if unsafe_reason(path) is not None or not is_regular(root, path) or is_secret(path):
        return None
    if (root / path).stat().st_size > MAX_BYTES:
        return None
    try:
        return (root / path).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
