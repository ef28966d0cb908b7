"""The tool ``run``: the commands of the project that check it, with other operands where the model wants them.

They run in the sandbox; nevertheless they must not rewrite files, for a change is made by the edit engine alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from agent.context.paths import is_ours, is_secret
from agent.context.tools import arguments as read
from agent.context.tools.result import MAX_RESULT, Refused, ToolResult, clean
from agent.ports import CommandResult, JSONObject
from agent.projects import ProjectPart, ProjectProfile
from agent.projects.shown import shown

TIMEOUT = 180.0
MAX_WORDS = 40
MAX_TOLD = 40
"""Commands that a refusal names; a repository of many parts has more."""
MAX_TAIL = MAX_RESULT - 2_000
READERS = (("ls",), ("wc",), ("pwd",))
SHELLS = frozenset(("sh", "bash", "dash", "zsh"))
STARTERS = frozenset(
    ("python", "python3", "node", "npm", "npx", "php", "docker", "dotnet", "uv", "composer", "ruby", "perl", "java", "go")
)
"""Programs that run whatever their first words name: those words are part of what is allowed."""
A_LINE = ("npx", "--no-install", "-c")
"""Gives a line to a shell; without ``-c`` the third word is the program."""
_WRITES = re.compile(
    r"--?(fix|write|in-?place|update|updateSnapshot|output|install|allow-|set|basetemp|junit-?xml|log-file|report-log|resultlog"
    r"|debug=|cov-report|override-ini|cache-clear|add-noqa|out-?dir|outFile|emptyOutDir|coverageDirectory|log-junit|log-teamcity"
    r"|coverage-\w+|testdox-\w+|generate-baseline)(?:\b|(?<=[=-])).*|-[wiuce]|-o.*",
    re.IGNORECASE,
)
"""Options of the allowed programs that make, empty or rewrite files: pytest's --basetemp removes the folder that it names."""
_PARTS = re.compile(r"[=:,;@]")


class Runner(Protocol):
    async def run(self, argv: Sequence[str], *, timeout: float = 300, directory: str = "") -> CommandResult: ...


async def run(commands: Runner | None, profile: ProjectProfile, arguments: JSONObject) -> ToolResult:
    """Raises what the sandbox raises when it can't run anything at all."""
    argv = read.words(arguments, "argv", MAX_WORDS)
    if commands is None:
        raise Refused("Commands can't be run at this point. Use the tools that read.")
    allowed = {head: part.directory for part in reversed(profile.parts) for head in heads(part)}
    head = next((head for head in (*allowed, *READERS) if argv[: len(head)] == head), None)
    named = argv[0] in {head[0] for head in allowed} and argv[1:] == ("--version",)
    if head is None and not named:
        known = "; ".join(shown(" ".join(head)) for head in (*list(allowed)[:MAX_TOLD], *READERS))
        raise Refused(f"That command is not allowed. Allowed commands, each followed by files if you like: {known}.")
    rest = argv[len(head or argv) :]
    writing = next((word for word in rest if _WRITES.fullmatch(word)), None)
    if writing:
        raise Refused(f"Leave out {writing}: what is run here must not change files or settings.")
    hidden = next((word for word in rest if any(_is_hidden(part) for part in _PARTS.split(word))), None)
    if hidden:
        raise Refused(f"Leave out {hidden}: it may contain secrets, and the command's output could show them.")
    directory = allowed.get(head or (), "")
    result = await commands.run(argv, timeout=TIMEOUT, **({"directory": directory} if directory else {}))
    if not result.available:
        raise Refused(f"{argv[0]} is not available here. Continue without it.")
    ended = "It timed out." if result.timed_out else f"Exit code {result.exit_code}."
    tail = clean(result.output_tail.strip())
    if len(tail) > MAX_TAIL:
        tail = "…" + tail[-MAX_TAIL:]
    return ToolResult(f"{' '.join(argv)}\n{ended}\n{tail}"[:MAX_RESULT])


def _is_hidden(path: str) -> bool:
    return is_secret(path.rstrip("/")) or is_ours(path)


def heads(part: ProjectPart) -> Iterator[tuple[str, ...]]:
    """The beginnings of commands that are allowed: those of the part without their operands, formatters only as checks."""
    commands = [command.argv for kind, command in part.commands.items() if kind in ("test", "build", "lint")]
    for command in (*commands, *part.other_tests):
        if command and command[0] not in SHELLS and command[: len(A_LINE)] != A_LINE:
            yield _without_operands(command)
    for tool in (*part.formatters, *part.linters):
        if tool.check and tool.check[0] not in SHELLS:
            yield tool.check


def _without_operands(command: tuple[str, ...]) -> tuple[str, ...]:
    least = 3 if command[:2] == A_LINE[:2] else 2 if command[0] in STARTERS else 1
    end = len(command)
    while end > least and _is_operand(command[end - 1]):
        end -= 1
    return command[:end]


def _is_operand(word: str) -> bool:
    if word.startswith(("--verify", "--check")):
        return False  # without it the command would rewrite what it checks
    return not word or word.startswith("-") or word[0].isupper() or not set("./*").isdisjoint(word)
