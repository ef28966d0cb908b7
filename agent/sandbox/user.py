"""The host's user for commands, where the server is root: a user of a range that no account has and that owns nothing.

A user namespace alone does not hide root: whoever root starts in one is still root to every file of the host's root, though
without capabilities, and may change the mode of ``/dev/null``. The workdir is shared with the other user by an id-mapped mount
(``mounts``): its files are root's on the disk and the command's own inside.
"""

from __future__ import annotations

import os
import pwd
import secrets
import subprocess
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.errors import SandboxFailed

FIRST = 1_900_000_000
"""By default. Not used by distributions for accounts, nor by systemd for containers and services (systemd.io/UIDS-GIDS), nor by
the ranges for subordinate ids (subuid(5), from 100,000 up)."""
COUNT = 65_536
"""Each sandbox has an id of its own, so that the kernel's limits for each user (inotify, pipes, keys) are not shared by
tenants, and nobody who broke out could reach another's processes."""
_LAST = 2**32 - 2


@dataclass(frozen=True)
class HostUser:
    """``id`` is user and group. ``mapping`` keeps what it makes until ``close``, or for as long as this object lives."""

    id: int
    _mappings: dict[tuple[int, int], int] = field(default_factory=dict, compare=False, repr=False)
    _closing: list[Callable[[], object]] = field(default_factory=list, compare=False, repr=False)

    def argv(self, namespace: int) -> list[str]:
        """The command prefix that becomes this user in the mount namespace behind the descriptor ``namespace`` of this process,
        which is not inherited: the command would hold a way into it."""
        who = str(self.id)
        return ["/usr/bin/nsenter", f"--mount=/proc/{os.getpid()}/fd/{namespace}", "--setuid", who, "--setgid", who, "--"]

    def mapping(self, owner: int, group: int) -> int:
        """A descriptor, not to be closed, of a user namespace for mounts where what ``owner`` and ``group`` own is this user's.

        Raises OSError.
        """
        if (owner, group) not in self._mappings:
            made = self._mappings[owner, group] = _namespace(_ids(owner, self.id), _ids(group, self.id))
            self._closing.append(weakref.finalize(self, os.close, made))
        return self._mappings[owner, group]

    def close(self) -> None:
        """What is mapped afterwards is mapped anew."""
        self._mappings.clear()
        while self._closing:
            self._closing.pop()()


def a_user(first: int) -> HostUser | None:
    """One of the ids from ``first`` on; None where this process is not root and has no other user to give, or ``first`` is 0.

    Raises ``SandboxFailed`` where the range is not one of ids that own nothing.
    """
    if os.geteuid() != 0 or first == 0:
        return None
    last = first + COUNT - 1
    if not 0 < first <= last <= _LAST:
        raise SandboxFailed(
            f"The users of the sandbox can't be {first} to {last}.",
            hint=f"Set MGX_SANDBOX_UID to 0, or from 1 to {_LAST - COUNT}.",
        )
    taken = [account.pw_name for account in pwd.getpwall() if first <= account.pw_uid <= last]
    if taken:
        raise SandboxFailed(
            f"The users of the sandbox can't be {first} to {last}: the account {taken[0]} is among them.",
            hint="Set MGX_SANDBOX_UID to the first of 65,536 ids that no account has.",
        )
    return HostUser(first + secrets.randbelow(COUNT))


def _ids(owner: int, user: int) -> str:
    """Lines for uid_map (user_namespaces(7)): id on the disk, id on the host, how many. All others stay what they are, for the
    kernel lets nobody write to a file with an id that is not mapped; ``user`` itself owns nothing."""
    low, high = sorted((owner, user))
    parts = [(0, low), (low + 1, high - low - 1), (high + 1, _LAST - high)]
    lines = [f"{start} {start} {count}" for start, count in parts if count > 0]
    return "\n".join((*lines, f"{owner} {user} 1", ""))


def _namespace(users: str, groups: str) -> int:
    with subprocess.Popen(
        ["/usr/bin/unshare", "--user", "--", "/usr/bin/cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"x")
        if process.stdout.read(1) != b"x":  # it answers once it is in its namespace
            raise OSError("no user namespace can be made")
        for name, text in (("uid_map", users), ("gid_map", groups)):
            fd = os.open(f"/proc/{process.pid}/{name}", os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(fd, text.encode())
            finally:
                os.close(fd)
        return os.open(f"/proc/{process.pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
