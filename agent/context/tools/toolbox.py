"""Executes the tool calls of one phase."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.context.tools.catalogue import TOOLS
from agent.context.tools.list_files import list_files
from agent.context.tools.read_file import read_file
from agent.context.tools.result import MAX_RESULT, Refused, ToolResult, clean
from agent.context.tools.run import Runner, run
from agent.context.tools.search import search
from agent.context.tools.symbols import symbols
from agent.ports import JSONObject
from agent.projects import ProjectProfile


class Toolbox:
    """``commands`` runs what ``run`` allows, and journals it; None: nothing is run. ``map_cache`` as in ``Ports``."""

    def __init__(self, root: Path, commands: Runner | None, profile: ProjectProfile, *, map_cache: Path | None) -> None:
        self._tools: dict[str, Callable[[JSONObject], Awaitable[ToolResult]]] = {
            "list_files": lambda arguments: list_files(root, arguments),
            "read_file": lambda arguments: read_file(root, arguments),
            "search": lambda arguments: search(root, arguments),
            "symbols": lambda arguments: symbols(root, arguments, map_cache),
            "run": lambda arguments: run(commands, profile, arguments),
        }

    async def call(self, name: str, arguments: JSONObject) -> ToolResult:
        """Never raises for the model's mistakes: ``is_error`` says what to do. An interruption of the run comes out."""
        tool = self._tools.get(name)
        if tool is None:
            return ToolResult(f"There is no tool {name[:40]!r}. The tools are: {', '.join(TOOLS)}.", is_error=True)
        known = TOOLS[name].parameters["properties"]
        unknown = sorted(str(key)[:40] for key in arguments if key not in known)
        if unknown:
            return ToolResult(
                f"{name} has no argument {json.dumps(unknown[0])}. Its arguments: {', '.join(known)}.", is_error=True
            )
        try:
            result = await tool(arguments)
        except Refused as refused:
            return ToolResult(clean(str(refused))[:MAX_RESULT], is_error=True)
        # a path of the repository may be as long as its author likes
        return result if len(result.text) <= MAX_RESULT else ToolResult(result.text[:MAX_RESULT], result.is_error)
