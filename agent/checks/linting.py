"""Whether what a project's own linters and formatters found clean before a change is clean after it."""

from __future__ import annotations

from collections.abc import Sequence

from agent.checks.commands import Commands
from agent.ports import JSONObject
from agent.projects import ProjectPart
from agent.stacks.model import FormatTool

TIMEOUT = 120.0
TAIL = 1_500
MAX_FILES = 200
MAX_SINGLE = 20
"""Of more files than these a tool is asked once for all of them: then one that was not clean excuses the others."""


async def worsened(part: ProjectPart, paths: Sequence[str], now: Commands, before: Commands) -> list[JSONObject]:
    """``{tool, files, output_tail}`` of each tool of ``part`` that accepts some of ``paths``, from the repository's root, as
    they were ``before`` and does not accept them ``now``. Tools that are absent say nothing. Raises ``SandboxFailed``."""
    found: list[JSONObject] = []
    for tool in (*part.formatters, *part.linters):
        own = [path.removeprefix(f"{part.directory}/") for path in paths if part.holds(path) and tool.wants(path)][:MAX_FILES]
        said = await _dirty(part, tool, own, now) if own and tool.check else {}
        clean = [path for path in said if not await _dirty(part, tool, [path], before)] if len(said) <= MAX_SINGLE else []
        if clean:
            found.append({"tool": tool.name, "files": [part.path(path) for path in clean], "output_tail": said[clean[0]]})
    return found


async def _dirty(part: ProjectPart, tool: FormatTool, paths: Sequence[str], commands: Commands) -> dict[str, str]:
    """path → what the tool says, of those of ``paths`` that it does not accept."""
    argv = (*tool.check, *(f"./{path}" for path in paths))
    result = await commands.run(argv, timeout=TIMEOUT, directory=part.directory)
    if result.ok or not result.available:
        return {}
    if len(paths) == 1 or len(paths) > MAX_SINGLE:
        return dict.fromkeys(paths, result.output_tail[-TAIL:])
    single = [await _dirty(part, tool, [path], commands) for path in paths]
    return {path: said for found in single for path, said in found.items()}
