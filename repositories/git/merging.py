"""A merge of three trees, without their history: it works in a shallow clone, with any git that we support, and always comes
out the same. Attributes and merge drivers of the repository are ignored; renames are not followed.

Reference: https://git-scm.com/docs/git-read-tree#_3_way_merge
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import GitCommandFailed

Git = Callable[..., Awaitable[bytes]]
REGULAR = frozenset(("100644", "100755"))


@dataclass(frozen=True)
class Merged:
    """``tree`` is empty if there are ``conflicts``: files that both sides changed in incompatible ways."""

    tree: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class TreeEntry:
    mode: str
    blob: str


async def merge_trees(git: Git, base: str, ours: str, theirs: str) -> Merged:
    """``ours`` with what ``theirs`` changed since ``base``. ``git`` runs git in a repository that holds all three."""
    with tempfile.TemporaryDirectory(prefix="mgx-merge-") as place:
        index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        await git("read-tree", "-i", "-m", "--aggressive", base, ours, theirs, env=index, what="merging")
        conflicts, solved = [], []
        for path, stages in _unmerged(await git("ls-files", "-u", "-z", env=index)).items():
            entry = await _entry(git, Path(place), stages)
            if entry is None:
                conflicts.append(path)
            else:
                solved.append(f"{entry.mode} {entry.blob}\t{path}\0")
        listed = "".join(solved).encode(errors="surrogateescape")
        if listed:
            await git("update-index", "-z", "--index-info", stdin=listed, env=index)
        if not conflicts:
            conflicts = _both_file_and_directory(_names(await git("ls-files", "-z", env=index)))
        if conflicts:
            return Merged("", tuple(sorted(_shown(path) for path in conflicts)))
        return Merged((await git("write-tree", env=index)).decode().strip())


def _unmerged(listed: bytes) -> dict[str, dict[int, TreeEntry]]:
    """path → stage (1 base, 2 ours, 3 theirs) → entry."""
    found: dict[str, dict[int, TreeEntry]] = {}
    for name in _names(listed):
        facts, _, path = name.partition("\t")
        mode, blob, stage = facts.split(" ")
        found.setdefault(path, {})[int(stage)] = TreeEntry(mode, blob)
    return found


async def _entry(git: Git, place: Path, stages: dict[int, TreeEntry]) -> TreeEntry | None:
    """The merged file; None if there is a conflict."""
    if len(stages) != 3 or any(entry.mode not in REGULAR for entry in stages.values()):
        return None
    base, ours, theirs = stages[1], stages[2], stages[3]
    mode = theirs.mode if ours.mode == base.mode else ours.mode
    if ours.blob == theirs.blob or theirs.blob == base.blob:
        return TreeEntry(mode, ours.blob)
    if ours.blob == base.blob:
        return TreeEntry(mode, theirs.blob)
    names = []
    for name, entry in (("ours", ours), ("base", base), ("theirs", theirs)):
        (place / name).write_bytes(await git("cat-file", "blob", entry.blob))
        names.append(str(place / name))
    try:
        text = await git("merge-file", "-p", "-q", *names)
    except GitCommandFailed as error:
        if error.code != GitCommandFailed.code:  # out of time: no word about the files
            raise
        return None  # its exit status is the number of conflicts, or says that they are binary
    return TreeEntry(mode, (await git("hash-object", "-w", "-t", "blob", "--stdin", stdin=text)).decode().strip())


def _both_file_and_directory(paths: Iterable[str]) -> list[str]:
    """A file of one side where the other has a directory."""
    known = set(paths)
    parents = {str(parent) for path in known for parent in Path(path).parents}
    return sorted(known & parents)


def _names(listed: bytes) -> list[str]:
    return [name for name in listed.decode(errors="surrogateescape").split("\0") if name]


def _shown(path: str) -> str:
    """For people and for JSON: bytes that are not valid UTF-8 are replaced."""
    return path.encode(errors="surrogateescape").decode(errors="replace")
