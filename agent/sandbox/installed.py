"""What an install step made for one part of a project, and how it is laid into the workdir while a command runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agent.ports import CommandResult
from agent.sandbox.bubblewrap import WORKDIR
from agent.sandbox.host_mounts import Bind
from agent.sandbox.limits import Limits


@dataclass(frozen=True)
class Mount:
    """``source`` of the cache, seen at ``target``: an absolute path, or one of the workdir's; None is an empty directory in
    memory. ``scratch`` are directories in it that get a writable file system of their own. ``leads_back`` says that links in
    it mean files of the workdir. ``only_if_absent``: not where the workdir has something at ``target`` itself."""

    source: Path | None
    target: str
    scratch: tuple[str, ...] = ()
    writable: bool = False
    leads_back: bool = False
    only_if_absent: bool = False

    @property
    def seen(self) -> str:
        return self.target if self.target.startswith("/") else f"{WORKDIR}/{self.target}"


class Releasable(Protocol):
    """Keeps something for as long as this object lives, or until it is released; a second time does nothing."""

    @property
    def release(self) -> Callable[[], object]: ...


@dataclass
class Installed:
    """``path`` are directories of programs, absolute or of the workdir, behind those that are on the PATH already; ``env`` are
    variables for commands. ``products`` are files of the workdir that a command makes and nobody asked for: those that were not
    there before are removed after it. ``files`` of the cache are seen at paths of the workdir where it has none itself.
    ``holds`` keep what is mounted from being removed."""

    result: CommandResult
    mounts: Sequence[Mount] = ()
    path: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    holds: Sequence[Releasable] = ()
    products: Sequence[str] = ()
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def search_path(self) -> list[str]:
        return [name if name.startswith("/") else f"{WORKDIR}/{name}" for name in self.path]


def notes_of(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines that an install step prints first, as its result has them: a dependency that was refused is not installed."""
    return tuple(line.replace("refused: ", "Not installed: ", 1) if line.startswith("refused: ") else line for line in lines)


def argv(mounts: Sequence[Mount], limits: Limits) -> list[str]:
    """bwrap's arguments for the writable parts of ``mounts``, after their binds."""
    return [part for mount in mounts for name in _in_memory(mount) for part in ("--size", str(limits.tmp), "--tmpfs", name)]


def _in_memory(mount: Mount) -> list[str]:
    return [mount.seen] if mount.source is None else [f"{mount.seen}/{name}" for name in mount.scratch]


def binds(mounts: Sequence[Mount]) -> list[Bind]:
    return [Bind(str(mount.source), mount.seen, writable=mount.writable) for mount in mounts if mount.source is not None]


@contextmanager
def places(root: Path, mounts: Sequence[Mount], *, isolated: bool, products: Sequence[str] = ()) -> Iterator[list[Mount]]:
    """Those of ``mounts`` that the workdir ``root`` has a place for, which is made where it is missing, since a mount needs a
    directory to lie on, and removed afterwards. A link of the repository in the place, or on the way to it, gets no mount.

    Without isolation there are no mounts: what is missing in the workdir is then linked, or copied where it leads back. Files
    at ``products`` that were not there before are removed afterwards.
    """
    made: list[Path] = []
    fresh = [root / name for name in products if not (root / name).exists() and not (root / name).is_symlink()]
    laid = []
    try:
        for mount in mounts:
            if mount.target.startswith("/"):
                laid.append(mount)
                continue
            place = root / mount.target
            parent = place.parent
            if mount.only_if_absent and place.exists():
                continue
            inside = parent.is_dir() and parent.resolve() == root.resolve() / mount.target.rpartition("/")[0]
            if not inside or place.is_symlink() or (place.exists() and not place.is_dir()):
                continue
            if not place.exists():
                made.append(place)
                _make(place, mount, isolated)
            laid.append(mount)
        yield laid
    finally:
        for place in reversed(made):
            _unmake(place, isolated)
        for file in fresh:
            if file.is_file() and not file.is_symlink() and file.parent.resolve().is_relative_to(root.resolve()):
                file.unlink()


def _make(place: Path, mount: Mount, isolated: bool) -> None:
    if isolated or mount.source is None:
        place.mkdir()
    elif mount.leads_back:
        shutil.copytree(mount.source, place, symlinks=True)
    else:
        place.symlink_to(mount.source, target_is_directory=True)


def _unmake(place: Path, isolated: bool) -> None:
    with suppress(OSError):
        if place.is_symlink():
            place.unlink()
        elif isolated:
            place.rmdir()
        else:
            shutil.rmtree(place)
