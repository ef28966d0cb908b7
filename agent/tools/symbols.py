"""The tool ``symbols``: the definitions that the repository map is made of."""

from __future__ import annotations

from pathlib import Path

from agent.context import listing
from agent.context.repomap import Definitions, definitions_in
from agent.ports import JSONObject
from agent.symbols.tags import Definition
from agent.tools import arguments as read
from agent.tools.result import Refused, ToolResult, fitting

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
        raise Refused(f"There is no file {path} in the repository. See what exists with list.")
    found = (await definitions_in(root, [path], map_cache)).get(path)
    if not found:
        return ToolResult(f"No definitions were found in {path}. Look into it with read.")
    shown, whole = fitting(f"{entry.line}\t{entry.signature}" for entry in found)
    return ToolResult(f"{path} defines:\n" + "\n".join(shown) + ("" if whole else "\n… there is more: use search."))


def _named(name: str, definitions: Definitions) -> ToolResult:
    # models write a method as Class.method and a function as function()
    owner, _, short = name.removesuffix("()").replace("::", ".").replace("#", ".").rpartition(".")
    entries = [(path, entry) for path, found in definitions.items() for entry in found]
    hits = [(path, entry) for path, entry in entries if entry.name == short]
    if not hits:
        near = sorted({entry.name for _, entry in entries if short.lower() in entry.name.lower()} - {short})[:10]
        hint = f" Similar names: {', '.join(near)}." if near else " Look for it with search."
        return ToolResult(f"Nothing named {short} is defined in the repository.{hint}")
    enclosing = {(path, entry.line): entry for path, entry in entries}
    around = [(path, entry, enclosing.get((path, entry.inside))) for path, entry in hits]
    wanted = owner.rpartition(".")[2]
    # what the model names the owner of comes first; the sort keeps the order of files and lines
    around.sort(key=lambda hit: not (wanted and hit[2] is not None and hit[2].name == wanted))
    shown, whole = fitting(_line(*hit) for hit in around[:MAX_FOUND])
    return ToolResult("\n".join(shown) + ("" if whole and len(hits) <= MAX_FOUND else f"\n… {len(hits)} in all."))


def _line(path: str, entry: Definition, outer: Definition | None) -> str:
    """A method with what it belongs to: its own line does not say so."""
    inside = f"{outer.signature.strip()} … " if outer is not None else ""
    return f"{path}:{entry.line}: {inside}{entry.signature.strip()}"
