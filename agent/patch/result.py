"""What an attempt to apply edits gives, in the shape of CONTRACT's patch result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from agent.errors import PatchConflict

Mode = Literal["all_or_nothing", "best_effort"]
Action = Literal["created", "modified", "deleted", "unchanged", "refused"]


@dataclass(frozen=True)
class HunkResult:
    """How one edit of a file met the tree. ``offset`` is in lines from where it said; whole files have none."""

    match_level: str
    status: Literal["applied", "already_applied", "refused"]
    offset: int = 0
    reason: str = ""


@dataclass(frozen=True)
class FileChange:
    """One file of a patch. ``added`` and ``removed`` count lines; ``code`` is machine-readable where it was refused."""

    path: str
    action: Action
    hunks: Sequence[HunkResult] = ()
    added: int = 0
    removed: int = 0
    match_level: str = "whole_file"
    code: str = ""

    @property
    def reason(self) -> str:
        return "; ".join(hunk.reason for hunk in self.hunks if hunk.reason)


@dataclass(frozen=True)
class PatchResult:
    """``success`` is True when every edit is in the tree (or would be, for a dry run). ``backup`` names the backup made."""

    success: bool
    mode: Mode
    dry_run: bool
    files: Sequence[FileChange] = field(default_factory=tuple)
    rolled_back: bool = False
    backup: str | None = None

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["files"] = [{**asdict(file), "hunks": [asdict(hunk) for hunk in file.hunks]} for file in self.files]
        return data


class PatchRefused(PatchConflict):
    """Edits that can't be applied; the tree is untouched. ``result`` says which and why."""

    def __init__(self, detail: str, result: PatchResult, *, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.result = result
