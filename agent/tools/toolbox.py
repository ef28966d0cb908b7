"""Executes the tool calls of one conversation."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from agent.changes.by_command import Keep
from agent.ports import JSONObject
from agent.projects import ProjectProfile
from agent.tools.arguments import renamed
from agent.tools.catalogue import TOOLS, UNDERSTOOD, canonical
from agent.tools.history import history
from agent.tools.list import list_files
from agent.tools.read import read_files
from agent.tools.result import MAX_RESULT, Refused, ToolResult, clean
from agent.tools.run import Runner, nothing, run
from agent.tools.search import search
from agent.tools.symbols import symbols

ELSEWHERE = ("edit", "finish")
"""Described here, carried out by the session, which knows the plan and the edit engine."""


class Toolbox:
    """``commands`` journals what ``run`` runs, under a prefix of the call; None: nothing is run. ``keep`` says which of its
    changes are part of the change; None: none are. ``outputs`` are those of the runs of the conversation so far (`@run1` is
    the first), to be handed on from call to call. ``map_cache`` as in ``Ports``."""

    def __init__(
        self,
        root: Path,
        commands: Runner | None,
        profile: ProjectProfile,
        *,
        map_cache: Path | None,
        keep: Keep | None = None,
        outputs: list[str] | None = None,
    ) -> None:
        self.outputs: list[str] = [] if outputs is None else outputs
        self._tools: dict[str, Callable[[JSONObject], Awaitable[ToolResult]]] = {
            "read": lambda arguments: read_files(root, arguments, self.outputs, map_cache),
            "search": lambda arguments: search(root, arguments),
            "symbols": lambda arguments: symbols(root, arguments, map_cache),
            "list": lambda arguments: list_files(root, arguments),
            "history": lambda arguments: history(root, arguments),
            "run": lambda arguments: run(commands, root, profile, arguments, keep=keep or nothing, outputs=self.outputs),
        }

    async def call(self, name: str, arguments: JSONObject) -> ToolResult:
        """Never raises for the model's mistakes: ``is_error`` says what to do. An interruption of the run comes out."""
        tool = canonical(name)
        if tool in ELSEWHERE:
            return ToolResult(f"{tool} can't be used here. Use another tool, or answer.", is_error=True)
        if tool not in self._tools:
            return ToolResult(f"There is no tool {name[:40]!r}. The tools are: {', '.join(TOOLS)}.", is_error=True)
        known = TOOLS[tool].parameters["properties"]
        arguments = renamed(tool, arguments)
        unknown = sorted(str(key)[:40] for key in arguments if key not in (*known, *UNDERSTOOD.get(tool, ())))
        if unknown:
            return ToolResult(
                f"{tool} has no argument {json.dumps(unknown[0])}. Its arguments: {', '.join(known)}.", is_error=True
            )
        try:
            result = await self._tools[tool](arguments)
        except Refused as refused:
            return ToolResult(clean(str(refused))[:MAX_RESULT], is_error=True)
        # a path of the repository may be as long as its author likes
        if len(result.text) <= MAX_RESULT:
            return result
        return replace(result, text=result.text[:MAX_RESULT], read={})
