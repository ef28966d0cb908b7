"""What people decided about a finished change: which parts of it go, and what they want instead."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from agent.changes.baseline_files import BaselineFiles
from agent.changes.hunks import hunks, without
from agent.patch.transaction import FileSwap, commit
from agent.patch.tree import Blocked, Tree
from agent.ports import JSONObject
from agent.stages.problem import Problem

MAX_LINES = 30
"""Lines of a rejected hunk that the engineer is shown."""


FILE_MODE = 0o644
"""Of a file of which nobody knows another."""


def reverted_files(baseline: BaselineFiles, rejected: Sequence[JSONObject]) -> list[FileSwap]:
    """What taking back does to the files that lose something. ``rejected`` holds {path, hunk}: ``hunk`` None is the whole file,
    else the number that ``agent.changes.hunks`` gives it. A file that is as it was before gets its mode back, too."""
    found: list[FileSwap] = []
    for path, numbers in _by_path(rejected).items():
        old, new = baseline.before(path), baseline.now(path)
        if numbers is None:
            left = old
        else:
            pair = baseline.texts([path]).get(path)
            text = None if pair is None else without(*pair, numbers)
            left = new if pair is None else None if text is None else text.encode("utf-8")
        mode = baseline.mode_now(path)
        wanted = baseline.mode_before(path) if left == old or mode is None else mode
        if left != new or (left is not None and wanted != mode):
            found.append(FileSwap(path, new, left, FILE_MODE if wanted is None else wanted, mode))
    return found


def put_back(root: Path, swaps: Sequence[FileSwap], links: Mapping[str, str] = MappingProxyType({})) -> None:
    """Makes the ``swaps`` in ``root``: first what goes away, so that a file can stand again where a directory or a symbolic
    link is, and a directory where a file is. ``links``: path → where a symbolic link leads that stands again in the place of a
    file that goes away.

    Raises what ``commit`` raises, and then all is as it was, but for empty directories. A replay makes all of them again.
    """
    there = [swap for swap in swaps if swap.new is not None]
    parents = {parent.as_posix() for swap in there for parent in PurePosixPath(swap.path).parents}
    places = [place for swap in there if (place := root / swap.path).is_dir() and place.resolve() == root.resolve() / swap.path]
    gone = [swap for swap in swaps if swap.new is None]
    in_the_way = {swap.path: swap for swap in gone if swap.path in {*parents, *links} or _is_below(root / swap.path, places)}
    for place in places:
        _check_free(place, {root / path for path in in_the_way})
    commit(root, list(in_the_way.values()))
    try:
        for place in places:
            _remove_empty(place)
        again = {path: links[path] for path in in_the_way if path in links}
        with _without_links(root, [swap.path for swap in there if swap.old is None]), _with_links(root, again):
            commit(root, [swap for swap in swaps if swap.path not in in_the_way])
    except BaseException:
        commit(root, [_undone(swap) for swap in in_the_way.values()])
        raise


def _is_below(path: Path, places: Sequence[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _check_free(place: Path, gone: Collection[Path]) -> None:
    """Raises ``Blocked`` where anything but directories is left in the directory ``place`` without the files ``gone``."""
    for above, names, files in os.walk(place):
        links = (name for name in names if os.path.islink(os.path.join(above, name)))
        other = next((name for name in (*files, *links) if Path(above, name) not in gone), None)
        if other is not None:
            raise Blocked("path_conflict", f"{place.name} is a directory now, and {other} in it is not part of the change")


def _remove_empty(place: Path) -> None:
    """The directory with those in it. Raises OSError where something else appeared in one."""
    for directory, _, _ in list(os.walk(place, topdown=False)):
        os.rmdir(directory)


@contextmanager
def _without_links(root: Path, paths: Sequence[str]) -> Iterator[None]:
    """Removes the symbolic links at ``paths``, never what they lead to; after an error they stand there again. Raises
    ``Blocked`` where a directory above is a link."""
    removed: list[tuple[str, str]] = []
    with Tree(root) as tree:
        try:
            for path in paths:
                found = tree.stat(path)
                if found is not None and stat.S_ISLNK(found.st_mode):
                    with tree.parent(path) as (fd, name):
                        removed.append((path, os.readlink(name, dir_fd=fd)))
                        os.unlink(name, dir_fd=fd)
            yield
        except BaseException:
            for path, target in removed:
                with tree.parent(path) as (fd, name), suppress(FileExistsError):
                    os.symlink(target, name, dir_fd=fd)
            raise


@contextmanager
def _with_links(root: Path, links: Mapping[str, str]) -> Iterator[None]:
    """Makes the symbolic ``links`` where nothing stands; after an error they are gone again."""
    made: list[str] = []
    with Tree(root) as tree:
        try:
            for path, target in links.items():
                with tree.parent(path) as (fd, name):
                    os.symlink(target, name, dir_fd=fd)
                made.append(path)
            yield
        except BaseException:
            for path in made:
                with tree.parent(path) as (fd, name):
                    os.unlink(name, dir_fd=fd)
            raise


def _undone(swap: FileSwap) -> FileSwap:
    return FileSwap(swap.path, swap.new, swap.old, swap.mode if swap.old_mode is None else swap.old_mode)


def revision_request(decision: JSONObject, texts: Mapping[str, tuple[str | None, str | None]]) -> Problem | None:
    """What the engineer is asked for; None where nobody said anything. ``texts`` are those from before the taking back."""
    findings: list[JSONObject] = []
    for entry in decision.get("rejected") or ():
        comment = str(entry.get("comment") or "").strip()
        if comment:
            shown = _shown(entry, texts)
            findings.append({"code": "rejected", "path": entry["path"], "message": comment, "hint": shown})
    general = str(decision.get("comment") or "").strip()
    if general:
        findings.append({"code": "rejected", "message": general, "hint": ""})
    if not findings:
        return None
    return Problem("changes", "A person has reviewed the change. What they rejected was taken out; the rest stays.", findings)


def _shown(entry: JSONObject, texts: Mapping[str, tuple[str | None, str | None]]) -> str:
    if entry.get("hunk") is None or entry["path"] not in texts:
        return "The whole file is as it was before."
    chosen = [hunk for hunk in hunks(*texts[entry["path"]]) if hunk.number == entry["hunk"]]
    lines = [line for hunk in chosen for line in hunk.lines][:MAX_LINES]
    return "\n".join(("Taken out:", *lines)) if lines else ""


def _by_path(rejected: Sequence[JSONObject]) -> dict[str, set[int] | None]:
    found: dict[str, set[int] | None] = {}
    for entry in rejected:
        path, hunk = entry["path"], entry.get("hunk")
        known = found.setdefault(path, set())
        if hunk is None or known is None:
            found[path] = None
        else:
            known.add(hunk)
    return found
