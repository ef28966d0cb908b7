"""The tool ``symbols``: the definitions that the repository map is made of."""

from __future__ import annotations

from pathlib import Path

from agent.context import listing
from agent.context.repomap import Definitions, definitions_in
from agent.context.tools import arguments as read
from agent.context.tools.result import Refused, ToolResult, fitting
from agent.ports import JSONObject

MAX_FOUND = 60


async def symbols(root: Path, arguments: JSONObject, map_cache: Path | None) -> ToolResult:
    """Raises ``Refused`` for wrong arguments, and for a file that does not exist."""
    name = read.text(arguments, "name", "")
    if bool(name) == bool(arguments.get("path")):
        raise Refused('Give either "path" (what a file defines) or "name" (where a name is defined).')
    files = await listing.list_files(root)
    if name:
        return _named(name, await definitions_in(root, files, map_cache))
    path = read.path(arguments)
    if path not in files:
        raise Refused(f"There is no file {path} in the repository. List what exists with list_files.")
    found = (await definitions_in(root, [path], map_cache)).get(path)
    if not found:
        return ToolResult(f"No definitions were found in {path}. Look into it with read_file.")
    shown, whole = fitting(f"{entry.line:>5}| {entry.signature}" for entry in found)
    return ToolResult(f"{path} defines:\n" + "\n".join(shown) + ("" if whole else "\n… there is more: use search."))


def _named(name: str, definitions: Definitions) -> ToolResult:
    # models write a method as Class.method and a function as function()
    short = name.removesuffix("()").replace("::", ".").rpartition(".")[2]
    entries = [(path, entry) for path, found in definitions.items() for entry in found]
    hits = [(path, entry) for path, entry in entries if entry.name == short]
    if not hits:
        near = sorted({entry.name for _, entry in entries if short.lower() in entry.name.lower()} - {short})[:10]
        hint = f" Similar names: {', '.join(near)}." if near else " Look for it with search."
        return ToolResult(f"Nothing named {short} is defined in the repository.{hint}")
    shown, whole = fitting(f"{path}:{entry.line}: {entry.signature.strip()}" for path, entry in hits[:MAX_FOUND])
    return ToolResult("\n".join(shown) + ("" if whole and len(hits) <= MAX_FOUND else f"\n… {len(hits)} in all."))
