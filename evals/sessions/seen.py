"""What an engineer still has to look at: nobody reads again what stands in the conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agent.ports import JSONObject
from evals.sessions.case import Look, ScriptedTurn


def conversation(request: JSONObject) -> str:
    """All that a request says, as one text."""
    return "\n".join(str(message.get("content") or "") for message in request["messages"])


def unseen(turn: ScriptedTurn, root: Path, said: str) -> ScriptedTurn:
    """``turn`` without the looks whose lines are all in ``said``: whole for those that read, each for those that search."""
    return replace(turn, look=[look for look in turn.look if not _is_seen(look, root, said)])


def _is_seen(look: Look, root: Path, said: str) -> bool:
    if look.search:
        found = [line.strip() for path in _files(root / look.path) for line in _lines(path) if re.search(look.search, line)]
        return bool(found) and all(line in said for line in found)
    lines = _lines(root / look.path)
    if look.lines:
        first, last = map(int, look.lines.split("-"))
        lines = lines[first - 1 : last]
    return "\n".join(lines).strip() in said


def _files(place: Path) -> Iterator[Path]:
    yield from (path for path in sorted(place.rglob("*")) if path.is_file()) if place.is_dir() else [place]


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
