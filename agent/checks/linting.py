"""Whether what a project's own linters and formatters found clean before a change is clean after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.checks.commands import Commands
from agent.ports import JSONObject
from agent.projects import ProjectPart
from agent.stacks.model import FormatTool

TIMEOUT = 120.0
TAIL = 1_500
MAX_FILES = 200
MAX_SINGLE = 20
"""Of more files than these a tool is asked once for all of them: then one that was not clean excuses the others."""


@dataclass(frozen=True)
class LintComparison:
    """``worse`` has {tool, files, output_tail} of each tool that accepted files before the change and does not now; ``absent``
    are the linters that files of the change needed and that are not here; of formatters their own step says so."""

    worse: list[JSONObject] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


async def compare(part: ProjectPart, paths: Sequence[str], now: Commands, before: Commands) -> LintComparison:
    """Of the tools of ``part`` and those of ``paths``, from the repository's root, that they want. Raises ``SandboxFailed``."""
    found = LintComparison()
    for tool in (*part.formatters, *part.linters):
        own = [path.removeprefix(f"{part.directory}/") for path in paths if part.holds(path) and tool.wants(path)][:MAX_FILES]
        said = await _dirty(part, tool, own, now) if own and tool.check else {}
        if said is None:
            found.absent.extend([tool.name] if tool in part.linters and not tool.optional else [])
        elif clean := await _clean(part, tool, list(said), before):
            told = {"tool": tool.name, "files": [part.path(path) for path in clean], "output_tail": said[clean[0]]}
            found.worse.append(told)
    return found


async def _clean(part: ProjectPart, tool: FormatTool, paths: list[str], before: Commands) -> list[str]:
    """Those of ``paths`` that the tool accepted before; of many all or none."""
    if len(paths) > MAX_SINGLE:
        return [] if await _dirty(part, tool, paths, before) else paths
    return [path for path in paths if not await _dirty(part, tool, [path], before)]


async def _dirty(part: ProjectPart, tool: FormatTool, paths: Sequence[str], commands: Commands) -> dict[str, str] | None:
    """path → what the tool says, of those of ``paths`` that it does not accept; None where it is absent."""
    argv = (*tool.check, *(f"./{path}" for path in paths))
    result = await commands.run(argv, timeout=TIMEOUT, directory=part.directory)
    if not result.available:
        return None
    if result.ok:
        return {}
    if len(paths) == 1 or len(paths) > MAX_SINGLE:
        return dict.fromkeys(paths, result.output_tail[-TAIL:])
    single = [await _dirty(part, tool, [path], commands) or {} for path in paths]
    return {path: said for found in single for path, said in found.items()}
