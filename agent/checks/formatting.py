"""Runs a stack's formatters over files in the sandbox, with the repository's own configuration where it has one.

A formatter rewrites the whole file, so the caller names only files that it may rewrite: those it created, and existing ones
only where the formatters' own changes may be part of the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from agent.ports import CommandResult, Sandbox
from agent.stacks import FormatTool, Stack

TIMEOUT = 120.0
BATCH = 400
"""Paths per command line: far below the kernel's limit."""
TAIL = 2_000

_HAS_CONFIG = 'for entry; do file=${entry%%:*}; mark=${entry#*:}; grep -qsF -e "$mark" "$file" && exit 0; done; exit 1'


@dataclass(frozen=True)
class FormatterResult:
    """How one tool ended; ``failed`` has its message in ``output_tail``."""

    tool: str
    status: Literal["ok", "failed", "unavailable"]
    output_tail: str = ""


@dataclass(frozen=True)
class FormatReport:
    """``files`` are those whose bytes changed; ``unavailable`` and ``failed`` name tools that did not do their work.

    ``missing`` are the unavailable ones that are neither optional nor had another tool do their work.
    """

    tools: Sequence[FormatterResult] = field(default_factory=tuple)
    files: Sequence[str] = field(default_factory=tuple)
    missing: Sequence[str] = field(default_factory=tuple)

    @property
    def unavailable(self) -> list[str]:
        return [result.tool for result in self.tools if result.status == "unavailable"]

    @property
    def failed(self) -> list[str]:
        return [result.tool for result in self.tools if result.status == "failed"]

    def to_json(self) -> dict[str, Any]:
        return {
            "tool": ", ".join(result.tool for result in self.tools if result.status == "ok"),
            "files": list(self.files),
            "unavailable": self.unavailable,
            "failed": self.failed,
            "missing": list(self.missing),
            "tools": [asdict(result) for result in self.tools],
        }


async def format_files(paths: Sequence[str], stack: Stack, sandbox: Sandbox) -> FormatReport:
    """Formats ``paths`` (relative to the workdir) with the tools of ``stack`` that want them, in the catalogue's order.

    A tool that is absent or fails is reported and does not stop the others. Raises ``SandboxFailed``.
    """
    wanted = sorted(path for path in set(paths) if any(tool.wants(path) for tool in stack.format))
    if not wanted:
        return FormatReport()
    before = await _digests(wanted, sandbox)
    results: dict[str, FormatterResult] = {}
    for tool in stack.format:
        theirs = [path for path in wanted if tool.wants(path)]
        replaced = results.get(tool.stands_in_for)
        if theirs and (not tool.stands_in_for or (replaced is not None and replaced.status == "unavailable")):
            results[tool.name] = await _run(tool, theirs, sandbox)
    after = await _digests(wanted, sandbox)
    changed = [path for path in wanted if before.get(path) != after.get(path)]
    return FormatReport(list(results.values()), changed, _missing(stack, results))


def _missing(stack: Stack, results: Mapping[str, FormatterResult]) -> list[str]:
    worked = {tool.stands_in_for for tool in stack.format if tool.name in results and results[tool.name].status == "ok"}
    absent = [tool for tool in stack.format if tool.name in results and results[tool.name].status == "unavailable"]
    return [tool.name for tool in absent if not tool.optional and tool.name not in worked and not tool.stands_in_for]


async def _run(tool: FormatTool, paths: list[str], sandbox: Sandbox) -> FormatterResult:
    argv = [*tool.argv, *await _fallback(tool, sandbox)]
    for batch in _batches(paths):
        result = await sandbox.run((*argv, *batch), timeout=TIMEOUT)
        if not result.available:
            return FormatterResult(tool.name, "unavailable", f"{tool.name} is not available here.")
        if not result.ok:
            return FormatterResult(tool.name, "failed", result.output_tail[-TAIL:])
    return FormatterResult(tool.name, "ok")


async def _fallback(tool: FormatTool, sandbox: Sandbox) -> tuple[str, ...]:
    if not tool.fallback:
        return ()
    found = await sandbox.run(("sh", "-c", _HAS_CONFIG, "sh", *tool.config), timeout=TIMEOUT)
    return () if found.ok else tool.fallback


async def _digests(paths: list[str], sandbox: Sandbox) -> dict[str, str]:
    """SHA-256 by path; a file that can't be read has none. ``-z`` keeps any name whole (sha256sum(1))."""
    digests: dict[str, str] = {}
    for batch in _batches(paths):
        result: CommandResult = await sandbox.run(("sha256sum", "-z", *batch), timeout=TIMEOUT)
        for entry in result.output_tail.split("\0"):
            digest, _, name = entry.partition("  ./")
            if len(digest) == 64 and name:
                digests[name] = digest
    return digests


def _batches(paths: list[str]) -> list[list[str]]:
    """``./`` keeps a name that starts with a dash from being read as an option."""
    return [[f"./{path}" for path in paths[at : at + BATCH]] for at in range(0, len(paths), BATCH)]
