"""A repository's recent commits, and which files are usually changed together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from agent.context.context_budget import within
from agent.context.git import ask_history
from agent.context.paths import is_secret

COMMITS = 300
SHOWN = 10
MAX_SUBJECT = 100
MAX_FILES = 30
"""A commit of more files is a move or a reformatting: it says nothing about what belongs together."""
TOGETHER = 2
MAX_FOCUS = 8
MAX_COMPANIONS = 5
TIMEOUT = 10.0
_LOG = (
    "log", f"--max-count={COMMITS}", "--no-merges", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-mailmap",
    "--no-notes", "--no-color", "--no-decorate", "--name-only", "-z", "--format=%x1e%s%x1f",
)  # fmt: skip


async def recent_history(root: Path, focus: Sequence[str], files: Sequence[str], tokens: int, *, subjects: bool = True) -> str:
    """``subjects`` of the last commits, and for the paths in ``focus`` what was often changed with them; "" without git."""
    said = await ask_history(root, *_LOG, timeout=TIMEOUT)
    if not said:
        return ""
    commits = [_commit(part) for part in said.split("\x1e")[1:]]
    lines = [f"- {subject}" for subject, _ in commits[:SHOWN]] if subjects else []
    present = set(files)
    for path in islice((path for path in dict.fromkeys(focus) if path in present), MAX_FOCUS):
        company = _company(path, commits, present)
        if company:
            lines.append(f"{path} was often changed together with {', '.join(company)}")
    return "\n".join(within(lines, tokens))


def _commit(part: str) -> tuple[str, list[str]]:
    subject, _, names = part.partition("\x1f")
    subject = "".join(character for character in subject.strip("\0\n") if character.isprintable())
    return subject[:MAX_SUBJECT], [name.lstrip("\n") for name in names.split("\0") if name.strip()]


def _company(path: str, commits: Sequence[tuple[str, list[str]]], present: set[str]) -> list[str]:
    counts: Counter[str] = Counter()
    for _, names in commits:
        if path in names and len(names) <= MAX_FILES:
            counts.update(name for name in names if name != path and name in present and not is_secret(name))
    often = sorted(((name, count) for name, count in counts.items() if count >= TOGETHER), key=lambda item: (-item[1], item[0]))
    return [f"{name} ({count}×)" for name, count in often[:MAX_COMPANIONS]]
