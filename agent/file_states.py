"""What lstat tells of a file, by which it is seen that somebody touched it: no file is read, and no program asked.

A program can set a file's time back, but not the time of its inode's last change.
"""

from __future__ import annotations

import os
import stat

State = tuple[int, ...]


def state_of(about: os.stat_result) -> State:
    """Mode, size, inode, time of last change and of the inode's last change (ns); of a folder the mode alone, for what is in it
    is seen by itself."""
    if stat.S_ISDIR(about.st_mode):
        return (about.st_mode,)
    return (about.st_mode, about.st_size, about.st_ino, about.st_mtime_ns, about.st_ctime_ns)
