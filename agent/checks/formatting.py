"""Runs formatters over files in the sandbox, with the repository's own configuration where it has one.

A formatter rewrites the whole file, so the caller names only files that it may rewrite: those it created, and existing ones
only where the formatters' own changes may be part of the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from agent.ports import CommandResult, Sandbox
from agent.stacks.model import FormatTool

TIMEOUT = 120.0
BATCH = 400
"""Paths per command line: far below the kernel's limit."""
TAIL = 2_000
MAX_CHECKED = 20
"""Existing files that are looked at one by one; a change of more of them is formatted only where it is new."""

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

    @classmethod
    def without(cls, absent: Sequence[FormatTool], tools: Sequence[FormatTool]) -> FormatReport:
        """Of files that would have been looked at by those of ``tools`` that are ``absent``."""
        results = {
            tool.name: FormatterResult(tool.name, "unavailable", f"{tool.name} is not available here.")
            if tool in absent
            else FormatterResult(tool.name, "ok")
            for tool in tools
        }
        told = [result for result in results.values() if result.status == "unavailable"]
        return cls(told, (), _missing(tools, results))

    def below(self, directory: str) -> FormatReport:
        """With the paths of a part as they are from the repository's root."""
        return replace(self, files=[f"{directory}/{path}" for path in self.files]) if directory else self

    def to_json(self) -> dict[str, Any]:
        return {
            "tool": ", ".join(result.tool for result in self.tools if result.status == "ok"),
            "files": list(self.files),
            "unavailable": self.unavailable,
            "failed": self.failed,
            "missing": list(self.missing),
            "tools": [asdict(result) for result in self.tools],
        }


async def format_files(
    paths: Sequence[str], tools: Sequence[FormatTool], sandbox: Sandbox, directory: str = ""
) -> FormatReport:
    """Formats ``paths``, relative to ``directory`` of the workdir, with those of ``tools`` that want them, in their order.

    A tool that is absent or fails is reported and does not stop the others. Raises ``SandboxFailed``.
    """
    within = _In(sandbox, directory)
    wanted = sorted(path for path in set(paths) if any(tool.argv and tool.wants(path) for tool in tools))
    if not wanted:
        return FormatReport()
    tools = [tool for tool in tools if tool.argv]  # one without only looks
    before = await _digests(wanted, within)
    results: dict[str, FormatterResult] = {}
    for tool in tools:
        theirs = [path for path in wanted if tool.wants(path)]
        replaced = results.get(tool.stands_in_for)
        if theirs and (not tool.stands_in_for or (replaced is not None and replaced.status == "unavailable")):
            results[tool.name] = await _run(tool, theirs, within)
    after = await _digests(wanted, within)
    changed = [path for path in wanted if before.get(path) != after.get(path)]
    return FormatReport(list(results.values()), changed, _missing(tools, results))


def joined(reports: Sequence[FormatReport]) -> FormatReport:
    """Several reports as one; of a tool that ran more than once the worst end is told."""
    worst = {"ok": 0, "unavailable": 1, "failed": 2}
    tools: dict[str, FormatterResult] = {}
    for result in (result for report in reports for result in report.tools):
        known = tools.get(result.tool)
        tools[result.tool] = result if known is None or worst[result.status] > worst[known.status] else known
    files = dict.fromkeys(path for report in reports for path in report.files)
    missing = dict.fromkeys(name for report in reports for name in report.missing)
    return FormatReport(list(tools.values()), sorted(files), list(missing))


async def clean_files(paths: Sequence[str], tool: FormatTool, sandbox: Sandbox, directory: str = "") -> list[str] | None:
    """Those of ``paths`` that ``tool`` would leave as they are; of at most ``MAX_CHECKED``. None where it is absent."""
    within = _In(sandbox, directory)
    wanted = [path for path in paths if tool.wants(path)][:MAX_CHECKED]
    if not wanted or not tool.check:
        return []
    argv = (*tool.check, *await _fallback(tool, within))
    together = await within.run((*argv, *(f"./{path}" for path in wanted)), timeout=TIMEOUT)
    if not together.available:
        return None
    if together.ok:
        return wanted
    return [path for path in wanted if (await within.run((*argv, f"./{path}"), timeout=TIMEOUT)).ok]


class _In:
    """The sandbox, in one directory."""

    def __init__(self, sandbox: Sandbox, directory: str) -> None:
        self._sandbox = sandbox
        self._directory = directory

    async def run(self, argv: Sequence[str], *, timeout: float) -> CommandResult:
        return await self._sandbox.run(argv, timeout=timeout, directory=self._directory)


def _missing(tools: Sequence[FormatTool], results: Mapping[str, FormatterResult]) -> list[str]:
    worked = {tool.stands_in_for for tool in tools if tool.name in results and results[tool.name].status == "ok"}
    absent = [tool for tool in tools if tool.name in results and results[tool.name].status == "unavailable"]
    return [tool.name for tool in absent if not tool.optional and tool.name not in worked and not tool.stands_in_for]


async def _run(tool: FormatTool, paths: list[str], sandbox: _In) -> FormatterResult:
    argv = [*tool.argv, *await _fallback(tool, sandbox)]
    for batch in _batches(paths):
        result = await sandbox.run((*argv, *batch), timeout=TIMEOUT)
        if not result.available:
            return FormatterResult(tool.name, "unavailable", f"{tool.name} is not available here.")
        if not result.ok:
            return FormatterResult(tool.name, "failed", result.output_tail[-TAIL:])
    return FormatterResult(tool.name, "ok")


async def _fallback(tool: FormatTool, sandbox: _In) -> tuple[str, ...]:
    if not tool.fallback:
        return ()
    found = await sandbox.run(("sh", "-c", _HAS_CONFIG, "sh", *tool.config), timeout=TIMEOUT)
    return () if found.ok else tool.fallback


async def _digests(paths: list[str], sandbox: _In) -> dict[str, str]:
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
