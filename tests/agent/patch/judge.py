"""Applies damaged edits and says whether the result is right, refused or wrong."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.patch import PatchRejected, apply_patch
from tests.agent.patch import errors, form_errors
from tests.agent.patch.corpus import Edit, edits
from tests.agent.patch.damage import ERRORS, Damaged

RIGHT, REFUSED, WRONG = "right", "refused", "wrong"
LOST = "\0an edit of another file is lost"
"""In the place of a file's text: no text is this."""

SEED = 20_261_122
FAMILIES = (errors, form_errors)
"""Whose import has filled ``ERRORS``."""


def cases(names: Sequence[str] = (), every: int = 1) -> Iterator[tuple[str, Edit, Damaged]]:
    """Every ``every``-th edit of the corpus with each error that can happen to it."""
    for name in names or ERRORS:
        for number, edit in enumerate(edits()):
            if (number + zlib.crc32(name.encode())) % every:
                continue
            damaged = ERRORS[name](edit, random.Random(f"{SEED}/{name}/{number}"))
            if damaged is not None:
                yield name, edit, damaged


def verdict(damaged: Damaged, after: str | None) -> str:
    """``after`` is what the file holds now, None where the answer was refused."""
    if after is None:
        return RIGHT if damaged.after is None else REFUSED
    return RIGHT if after == damaged.after else WRONG


def ours(root: Path, edit: Edit, damaged: Damaged) -> str | None:
    """The file's text after our engine, None where it refused."""
    path = root / edit.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(damaged.before.encode())
    for name, (before, _) in damaged.others.items():
        (root / name).write_bytes(before.encode())
    try:
        result = apply_patch(root, damaged.text, dry_run=False)
    except PatchRejected:
        assert path.read_bytes() == damaged.before.encode(), "refused, but the file is another"
        assert all((root / name).read_bytes() == pair[0].encode() for name, pair in damaged.others.items())
        return None
    assert result.success
    if any((root / name).read_bytes() != pair[1].encode() for name, pair in damaged.others.items()):
        return LOST
    return path.read_bytes().decode()
