"""Turns model output into changed files: read the edits, check everything, then apply them whole or not at all."""

from agent.patch.backups import Backup, list_backups, restore_backup
from agent.patch.engine import apply_patch
from agent.patch.manifest import FileBlock, parse_manifest
from agent.patch.paths import unsafe_reason
from agent.patch.result import FileChange, HunkResult, PatchRefused, PatchResult
from agent.patch.transaction import recover

__all__ = [
    "Backup",
    "FileBlock",
    "FileChange",
    "HunkResult",
    "PatchRefused",
    "PatchResult",
    "apply_patch",
    "list_backups",
    "parse_manifest",
    "recover",
    "restore_backup",
    "unsafe_reason",
]
