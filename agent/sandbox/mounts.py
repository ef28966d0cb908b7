"""A mount namespace for one command of another user than the server's: there it is shown what it sees of the host, id-mapped.

``open_tree``, ``mount_setattr`` (Linux 5.12) and ``move_mount`` have no wrappers in Python; mount_setattr(2) explains id-mapped
mounts. The server's own mounts stay as they are, and everything here ends with the last process or descriptor that holds it.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

from agent.sandbox.host_mounts import Bind
from agent.sandbox.user import HostUser

STAGE = "/tmp"
"""Where they are mounted in the new namespace: bubblewrap needs this directory itself, so every machine has it."""
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
"""Calls since Linux 5 have the same number on all architectures that we run on."""
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE_CLONE, _MOVE_MOUNT_F_EMPTY_PATH = 0x1, 0x4
_MOUNT_ATTR_IDMAP = 0x100000
_CLONE_NEWNS = 0x20000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_SLAVE = 0x2, 0x4, 0x8, 0x4000, 1 << 19


class _Attributes(ctypes.Structure):
    """struct mount_attr of linux/mount.h."""

    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


class NotMapped(OSError):
    """The kernel or the file system can't show files under another owner."""


def stage(binds: Sequence[Bind], user: HostUser) -> tuple[int, list[Bind]]:
    """A descriptor of a mount namespace, which the caller closes, and ``binds`` with the sources that they have there.

    What belongs to the owner of its ``source`` on the disk is ``user``'s there; what is read-only may stay as it is where that
    can't be. Raises ``NotMapped``, and other OSErrors.
    """
    # unshare(2) changes the calling thread alone, and for good
    with ThreadPoolExecutor(1, thread_name_prefix="sandbox-mounts") as thread:
        return thread.submit(_stage, binds, user).result()


def check(paths: Iterable[str], user: HostUser) -> None:
    """Raises ``NotMapped`` for the first of the directories whose files can't be shown as ``user``'s."""
    for path in paths:
        os.close(_mapped(path, user))


def _stage(binds: Sequence[Bind], user: HostUser) -> tuple[int, list[Bind]]:
    _unshare()
    trees: list[int] = []
    try:
        for bind in binds:
            trees.append(_tree_of(bind, user))
        _mount(b"sandbox", STAGE.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, b"mode=0755,size=1m")
        staged = [_place(tree, f"{STAGE}/{number}", bind) for number, (tree, bind) in enumerate(zip(trees, binds, strict=True))]
    finally:
        for tree in trees:
            os.close(tree)
    return os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC), staged


def _tree_of(bind: Bind, user: HostUser) -> int:
    try:
        return _mapped(bind.source, user)
    except NotMapped:
        if bind.writable:
            raise
        return _tree(bind.source)  # an overlay, for example: what everybody may read is seen all the same


def _place(tree: int, place: str, bind: Bind) -> Bind:
    if stat.S_ISDIR(os.fstat(tree).st_mode):
        os.mkdir(place)
    else:
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
    _move(tree, place)
    return replace(bind, source=place)


def _unshare() -> None:
    """Gives this thread mounts of its own, of which the host sees nothing."""
    _succeed(_libc().unshare(_CLONE_NEWNS), "a mount namespace")
    _mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None)


def _move(tree: int, place: str) -> None:
    _call(_MOVE_MOUNT, place, tree, b"", _AT_FDCWD, os.fsencode(place), _MOVE_MOUNT_F_EMPTY_PATH)


def _tree(path: str) -> int:
    """A copy of the mounts at ``path``, which nobody sees yet."""
    return _call(_OPEN_TREE, path, _AT_FDCWD, os.fsencode(path), _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC)


def _mapped(path: str, user: HostUser) -> int:
    tree = _tree(path)
    try:
        found = os.fstat(tree)
        attributes = _Attributes(attr_set=_MOUNT_ATTR_IDMAP, userns_fd=user.mapping(found.st_uid, found.st_gid))
        size = ctypes.sizeof(attributes)
        _call(_MOUNT_SETATTR, path, tree, b"", _AT_EMPTY_PATH | _AT_RECURSIVE, ctypes.byref(attributes), size)
    except OSError as error:
        os.close(tree)
        raise NotMapped(error.errno, f"no id-mapped mount ({error.strerror})", path) from error
    return tree


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None) -> None:
    _succeed(_libc().mount(source, target, kind, ctypes.c_ulong(flags), data), target.decode())


def _call(number: int, path: str, *arguments: object) -> int:
    return _succeed(_libc().syscall(ctypes.c_long(number), *arguments), path)


def _succeed(result: int, path: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), path)
    return result
