"""The files of a workdir, in an order that does not depend on the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from agent.context.git import ask_git
from agent.context.paths import is_ours, regular_files, skipped_in

LISTED = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")


async def list_files(root: Path) -> list[str]:
    """Regular files under ``root``, sorted: tracked and untracked, not ignored; all of them where there is no git.

    A name with control characters is left out: it could pass for a line of the prompt.
    """
    said = await ask_git(root, *LISTED)
    names = sorted(_walk(root)) if said is None else sorted(name for name in said.split("\0") if name)
    return regular_files(root, (name for name in names if name.isprintable() and not is_ours(name)))


def _walk(root: Path) -> Iterator[str]:
    # texts instead of paths: with thousands of files, making each a Path takes longer than the walk
    above = len(os.path.join(root, ""))
    skipped = skipped_in(root)
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in skipped]
        place = os.path.join(folder, "")[above:]
        for name in names:
            yield place + name
