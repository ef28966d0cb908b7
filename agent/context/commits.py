"""The last commits of a repository as data, for whoever wants to know how its people write them.

Whoever reads them once per run does so by a journal step: a replay on another worker may have less history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.context.git import ask_history
from agent.ports import Journal, JSONObject

COMMITS = 120
"""So many are read, so that 30 are left without those of programs."""
MAX_SUBJECT = 300
MAX_BODY = 1_000
MAX_AUTHOR = 200
TIMEOUT = 10.0
KEY = "commits"
_LOG = (
    "log", f"--max-count={COMMITS}", "--no-merges", "--no-mailmap", "--no-notes", "--no-color", "--no-decorate",
    "--encoding=UTF-8", "-z", "--format=%x1e%an <%ae>%x1f%s%x1f%b",
)  # fmt: skip


@dataclass(frozen=True)
class PastCommit:
    """``subject`` is one line, ``author`` is `Name <address>`; both, and ``body``, are cut at the bounds above."""

    subject: str
    body: str = ""
    author: str = ""


async def read_commits(root: Path, journal: Journal, key: str = KEY) -> list[PastCommit]:
    """The last commits before the change, the newest first, as the run saw them when it first asked; [] without git."""

    async def act() -> JSONObject:
        return {"commits": [asdict(commit) for commit in await recent_commits(root)]}

    found = await journal.step(key, "read", {}, act)
    return [PastCommit(**commit) for commit in found["commits"]]


async def recent_commits(root: Path) -> list[PastCommit]:
    """The last commits before the change, the newest first; [] without git."""
    said = await ask_history(root, *_LOG, timeout=TIMEOUT)
    return [_commit(part.split("\x1f", 2)) for part in (said or "").split("\x1e")[1:]]


def _commit(fields: Sequence[str]) -> PastCommit:
    author, subject, body = (*fields, "", "")[:3]
    return PastCommit(_line(subject, MAX_SUBJECT), _text(body, MAX_BODY), _line(author, MAX_AUTHOR))


def _line(text: str, most: int) -> str:
    return "".join(character for character in text[: 2 * most] if character.isprintable()).strip()[:most]


def _text(text: str, most: int) -> str:
    return "".join(character for character in text[:most] if character.isprintable() or character == "\n").strip()
