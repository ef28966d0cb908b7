"""Files that are being written to the artifact store: they lie in one place, where one look finds what dead processes left."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

DRAFTS = ".drafts"
"""Below the storage's root."""
DRAFT_AGE = 3600.0
"""Seconds after which a draft belongs to nobody alive."""


def remove_drafts(root: Path) -> int:
    """Removes old ones and returns how many. Looked at by this machine's clock, which wrote them."""
    gone = 0
    with suppress(FileNotFoundError):
        for draft in list((root / DRAFTS).iterdir()):
            with suppress(FileNotFoundError):
                if time.time() - draft.stat().st_mtime > DRAFT_AGE:
                    draft.unlink()
                    gone += 1
    return gone
