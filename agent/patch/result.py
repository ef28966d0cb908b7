"""The result of applying edits, in the shape of CONTRACT's patch result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from agent.errors import PatchConflict

Mode = Literal["all_or_nothing", "best_effort"]
Action = Literal["created", "modified", "deleted", "renamed", "unchanged", "refused"]

WHOLE_FILE = "whole_file"


@dataclass(frozen=True)
class HunkResult:
    """How one edit of a file met the tree. ``match_level`` names the rung of the ladder, ``none`` where it found no place.

    ``offset`` is in lines from where the edit said, ``line`` (1-based) where it went; whole files have neither. For a refused
    edit ``candidates`` are the lines that come into question, ``nearest`` the file's real lines there.
    """

    match_level: str
    status: Literal["applied", "already_applied", "refused"]
    offset: int = 0
    reason: str = ""
    line: int = 0
    code: str = ""
    candidates: Sequence[int] = ()
    nearest: Sequence[str] = ()


@dataclass(frozen=True)
class FileChange:
    """One file of a patch. ``added`` and ``removed`` count lines; ``code`` is machine-readable where it was refused.
    ``source`` is the path it was renamed or copied from."""

    path: str
    action: Action
    hunks: Sequence[HunkResult] = ()
    added: int = 0
    removed: int = 0
    match_level: str = "whole_file"
    code: str = ""
    source: str = ""

    @property
    def failed(self) -> bool:
        """True when an edit of it was refused, be it that others of it were applied."""
        return self.action == "refused" or any(hunk.status == "refused" for hunk in self.hunks)

    @property
    def reason(self) -> str:
        return "; ".join(hunk.reason for hunk in self.hunks if hunk.reason)


@dataclass(frozen=True)
class PatchResult:
    """``success`` is True when every edit is in the tree (or would be, for a dry run). ``backup`` names the backup made,
    ``format`` is the one that was detected, ``reason`` says why nothing could be read or written at all. ``notes`` tell of an
    earlier, interrupted patch that could not be taken back: what of it is where."""

    success: bool
    mode: Mode
    dry_run: bool
    files: Sequence[FileChange] = field(default_factory=tuple)
    rolled_back: bool = False
    backup: str | None = None
    format: str = ""
    reason: str = ""
    notes: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["files"] = [{**asdict(file), "hunks": [asdict(hunk) for hunk in file.hunks]} for file in self.files]
        return data


class PatchRejected(PatchConflict):
    """Edits that can't be applied; the tree is untouched. ``result`` says which and why."""

    def __init__(self, detail: str, result: PatchResult, *, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.result = result
