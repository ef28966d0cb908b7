"""Makes the data directory private: each process that stores files there removes other accounts' access first.

Every entry of it is closed at each start, which keeps others out of all that is below. The files below are looked through once
for each directory, because a large installation has a million of them; what is written from then on is private by the umask.
It knows no Django: the embedded server's supervisor uses it, too.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

LOOKED_THROUGH = ".private"
"""An empty file in the data directory that says that its files were looked through."""


def close_data_directory(path: Path) -> None:
    """Take the rights of other accounts to ``path`` away, and let this process give none from now on.

    One that does not exist is left to whoever writes to it. A directory that can't be changed is said in the log: a web process
    may see it read-only.
    """
    os.umask(0o077)
    if not path.is_dir():
        return
    try:
        private_directory(path)
        if (path / LOOKED_THROUGH).exists():
            with os.scandir(path) as entries:
                for entry in entries:
                    _close(entry.path)
        else:
            make_private(path)
    except OSError as error:
        import structlog  # the embedded server's commands use this module and do not log

        if not structlog.is_configured():  # the settings, which say where the log goes, are read after this
            structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        log = structlog.stdlib.get_logger(__name__)
        log.warning("other accounts of this machine may be able to read the data directory", error=str(error))


def private_directory(path: Path) -> Path:
    """Make ``path`` (and its parents) with mode 0700; an existing one loses the bits of everybody else.

    Under root one may still be passed through: PostgreSQL may run under another account there (`embedded/account.py`).
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777
    kept = 0o711 if os.geteuid() == 0 else 0o700
    if mode & ~kept and path.stat().st_uid == os.geteuid():
        path.chmod(mode & kept)
    return path


def make_private(root: Path) -> None:
    """Take the bits of everybody else from all that is below ``root``, whatever made it; links are not followed.

    What belongs to another account (PostgreSQL's under root) is left to it.
    """
    for directory, names, files in os.walk(root):
        for name in (*names, *files):
            _close(os.path.join(directory, name))
    (root / LOOKED_THROUGH).touch(0o600)


def _close(path: str) -> None:
    with suppress(FileNotFoundError):  # it may go away meanwhile
        found = os.lstat(path)
        if found.st_mode & 0o077 and found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode):
            os.chmod(path, stat.S_IMODE(found.st_mode) & 0o700)
