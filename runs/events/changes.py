"""The files of a run are written, validated, applied and reviewed, and people decide on them."""

from __future__ import annotations

from typing import Any

from workspaces.event_registry import EventData, register


class Finding(EventData):
    code: str
    message: str
    hint: str = ""
    path: str | None = None
    line: int | None = None


@register("validation_passed", "validation_failed")
class Validation(EventData):
    errors: list[Finding] = []
    warnings: list[Finding] = []
    round: int
    max_rounds: int


@register("revision_started")
class RevisionStarted(Validation):
    reason: str = ""


class PatchedFile(EventData):
    path: str
    action: str
    match_level: str | None = None
    added: int = 0
    removed: int = 0


@register("patch_applied")
class PatchApplied(EventData):
    files: list[PatchedFile]


@register("patch_refused")
class PatchRefused(EventData):
    reason: str
    hunks: list[dict[str, Any]] = []


@register("files_formatted")
class FilesFormatted(EventData):
    tool: str
    files: list[str]
    unavailable: list[str] = []
    failed: list[str] = []


@register("review_finished")
class ReviewFinished(EventData):
    verdict: str
    comments: list[str] = []


class FileToDecide(EventData):
    """``hunks`` counts those that can be decided on one by one; 0: only the whole file can. ``test_configuration``: the file
    is, or holds, what decides how tests are run."""

    path: str
    action: str
    added: int = 0
    removed: int = 0
    hunks: int = 0
    state: str
    test_configuration: bool = False


@register("changes_ready")
class ChangesReady(EventData):
    """``more`` is the number of files that are not listed."""

    round: int
    files: list[FileToDecide]
    more: int = 0


class DecidedFile(EventData):
    """``accepted`` and ``rejected`` count hunks; a file without hunks counts as one."""

    path: str
    state: str
    accepted: int = 0
    rejected: int = 0
    comments: list[str] = []


@register("changes_decided")
class ChangesDecided(EventData):
    by: str
    round: int
    feedback: str = ""
    files: list[DecidedFile] = []
    more: int = 0
