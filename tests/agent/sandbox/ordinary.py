"""``python -m tests.agent.sandbox.ordinary COMMAND…`` runs a command as an ordinary user, where a test or drill runs as root.

That user may enter what leads to the interpreter and to this tree though it be root's alone (``/root``): for this command only,
it is mounted over itself as the user's own.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from agent.sandbox import mounts
from agent.sandbox.user import HostUser

ORDINARY = 60_123
"""A user id that owns nothing here."""


def closed() -> set[str]:
    """The directories that keep everybody but their owner from the interpreter and from this tree."""
    found = set()
    for path in (Path(sys.prefix), Path(sys.base_prefix), Path(__file__)):
        for place in reversed(path.resolve().parents):
            if not place.stat().st_mode & stat.S_IXOTH:
                found.add(str(place))
                break
    return found


def become() -> None:
    """Makes this process the ordinary user. Raises OSError where a closed directory can't be opened to it."""
    user = HostUser(ORDINARY)
    mounts._unshare()
    for path in closed():
        tree = mounts._mapped(path, user)
        mounts._move(tree, path)
        os.close(tree)
    os.setgroups([])
    os.setresgid(ORDINARY, ORDINARY, ORDINARY)
    os.setresuid(ORDINARY, ORDINARY, ORDINARY)


if __name__ == "__main__":
    become()
    os.environ["HOME"] = "/tmp"
    os.execvp(sys.argv[1], sys.argv[1:])
