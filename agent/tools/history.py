"""The tool ``history``: how a file came to be as it is, and how a neighbouring change was made."""

from __future__ import annotations

from pathlib import Path

from agent.context.git import ask_history
from agent.context.paths import is_ours, is_secret
from agent.ports import JSONObject
from agent.tools import arguments as read
from agent.tools.result import MAX_PIECE, Refused, ToolResult, clean

COUNT = 3
MOST = 10
MAX_MESSAGE = 1_500
MAX_LINE = 300
MAX_OF_A_FILE = 4_000
"""Characters of one file's patch, so that a commit of many files shows more than its first one."""
TIMEOUT = 10.0
_LOG = (
    "log", "--patch", "--no-merges", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-mailmap", "--no-notes",
    "--no-color", "--no-decorate", "--unified=3", "--src-prefix=a/", "--dst-prefix=b/", "--encoding=UTF-8", "-z",
    "--date=short", "--format=%x1e%h %ad%x1f%B%x1f",
)  # fmt: skip
_OF_GIT = ("index ", "new file mode ", "deleted file mode ", "old mode ", "new mode ")


async def history(root: Path, arguments: JSONObject) -> ToolResult:
    """The last commits that touched ``path``, the newest first, each with its message and its patch of that path. Files that
    may hold secrets are left out, also those that only the past has. Raises ``Refused`` for wrong arguments."""
    path = read.path(arguments)
    count = min(read.number(arguments, "count", COUNT), MOST)
    said = await ask_history(root, *_LOG, f"--max-count={count}", paths=(path or ".",), timeout=TIMEOUT)
    if said is None:
        raise Refused(
            "The history can't be read here: there is none, or it is too large. Ask for one file, or go on without it."
        )
    commits = [_shown(part) for part in said.split("\x1e")[1:]]
    if not commits:
        raise Refused(f"No commit touched {path or 'the repository'}. See what exists with list.")
    left = MAX_PIECE - 200
    parts: list[str] = []
    for commit in commits:
        if len(commit) > left:
            parts.append(
                commit[: max(left, 0)] + f"\n… cut: {len(commits) - len(parts)} commits are shown in part or not at all."
            )
            break
        parts.append(commit)
        left -= len(commit) + 2
    return ToolResult("\n\n".join(parts))


def _shown(part: str) -> str:
    head, _, rest = part.partition("\x1f")
    message, _, patch = rest.partition("\x1f")
    told = clean(message.strip())[:MAX_MESSAGE]
    return "\n".join((f"commit {clean(head)}", told, "", *_files(patch.strip("\0\n")))).rstrip()


def _files(patch: str) -> list[str]:
    """The lines of each file's patch without git's own, each file bounded and secrets left out."""
    shown: list[str] = []
    hidden = False
    left = 0
    for line in patch.split("\n"):
        if line.startswith("diff --git "):
            hidden, left = _is_hidden(line), MAX_OF_A_FILE
            if hidden:
                shown.append("(the patch of a file that may hold secrets is left out)")
            continue
        if hidden or left <= 0 or line.startswith(_OF_GIT):
            continue
        line = clean(line)[:MAX_LINE]
        left -= len(line) + 1
        shown.append(line if left > 0 else "… (the rest of this file's patch is left out)")
    return shown


def _is_hidden(line: str) -> bool:
    """Of a line ``diff --git a/PATH b/PATH``, the same path twice (no renames); a quoted one can't be told, and is hidden."""
    names = line.removeprefix("diff --git ")
    half = names[2 : (len(names) - 1) // 2]
    if names != f"a/{half} b/{half}":
        return True
    return is_secret(half) or is_ours(half)
