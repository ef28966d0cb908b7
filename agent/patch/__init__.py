"""Turns model output into changed files: read the edits, check everything, then apply them whole or not at all."""

from agent.errors import PatchConflict
from agent.patch.backups import Backup, list_backups
from agent.patch.detect import detect
from agent.patch.engine import After, apply_edits, apply_patch, preview
from agent.patch.feedback import ask_for, findings, for_model, how_to_answer, next_format
from agent.patch.formats.manifest import FileBlock
from agent.patch.model import EditsInvalid
from agent.patch.parse import Edits, parse_edits
from agent.patch.paths import unsafe_reason
from agent.patch.restore import restore_backup
from agent.patch.result import FileChange, HunkResult, PatchRejected, PatchResult
from agent.patch.transaction import recover

__all__ = [
    "After",
    "Backup",
    "Edits",
    "EditsInvalid",
    "FileBlock",
    "FileChange",
    "HunkResult",
    "PatchConflict",
    "PatchRejected",
    "PatchResult",
    "apply_edits",
    "apply_patch",
    "ask_for",
    "detect",
    "findings",
    "for_model",
    "how_to_answer",
    "list_backups",
    "next_format",
    "parse_edits",
    "preview",
    "recover",
    "restore_backup",
    "unsafe_reason",
]
