"""Rules of the system call filter that look at arguments: socket families, mode bits and sizes that no build or test needs.

Numbers are of Linux; the kernel cuts ``int`` arguments to 32 bits, so what is masked here is compared as it sees them.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from types import ModuleType
from typing import Any

import structlog

log = structlog.stdlib.get_logger(__name__)

FAMILIES = sorted({socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK})
"""All others are refused, with or without a network: a network namespace does not hold AF_VSOCK, which speaks to the
hypervisor, and seldom used families (AF_ALG, AF_PACKET, AF_CAN, AF_TIPC) have opened kernels before."""
SEGMENT = 64 * 1024
"""Largest segment of System V shared memory. It stays when nobody is attached and can't be counted from outside, so all of
them (4,096 by default, kernel.shmmni) must be bearable: 256 MiB. PostgreSQL takes one page."""
_MODE_AT = {
    **dict.fromkeys(("chmod", "fchmod", "mkdir", "mknod", "creat"), 1),
    **dict.fromkeys(("fchmodat", "fchmodat2", "mkdirat", "mknodat"), 2),
}
_OPEN_AT = {"open": 1, "openat": 2}
"""Position of the flags; the mode is the argument after them."""
_TMPFILE = os.O_TMPFILE & ~os.O_DIRECTORY
_LATER = {"fchmodat2": 452}
"""Calls that an older libseccomp has no name for; their number is the same on all architectures."""


def add_rules(seccomp: ModuleType, rules: Any) -> None:
    """Adds them to ``rules``, a filter of ``seccomp`` (pyseccomp)."""
    _add_socket_families(seccomp, rules)
    _add_mode_bits(seccomp, rules)
    rules.add_rule(seccomp.ERRNO(errno.EINVAL), "shmget", seccomp.Arg(1, seccomp.GT, SEGMENT))


def _add_socket_families(seccomp: ModuleType, rules: Any) -> None:
    """A number above the known ones is refused: the kernel cuts its upper bits off, or knows no such family."""
    refuse = seccomp.ERRNO(errno.EAFNOSUPPORT)
    others = [family for family in range(FAMILIES[-1]) if family not in FAMILIES]
    for call in ("socket", "socketpair"):
        rules.add_rule(refuse, call, seccomp.Arg(0, seccomp.GT, FAMILIES[-1]))
        for family in others:
            rules.add_rule(refuse, call, seccomp.Arg(0, seccomp.EQ, family))


def _add_mode_bits(seccomp: ModuleType, rules: Any) -> None:
    """No file gets a setuid or setgid bit, as systemd's RestrictSUIDSGID= has it (systemd.exec(5)): the mount is nosuid
    inside, but a sandbox started by root would leave a program of root's for the host. openat2(2) passes its mode in memory,
    where no filter can look; programs fall back to openat(2)."""
    refuse = seccomp.ERRNO(errno.EPERM)
    for bit in (stat.S_ISUID, stat.S_ISGID):
        for name, position in _MODE_AT.items():
            _add(rules, refuse, name, seccomp.Arg(position, seccomp.MASKED_EQ, bit, bit))
        for name, position in _OPEN_AT.items():
            for making in (os.O_CREAT, _TMPFILE):
                flags = seccomp.Arg(position, seccomp.MASKED_EQ, making, making)
                _add(rules, refuse, name, flags, seccomp.Arg(position + 1, seccomp.MASKED_EQ, bit, bit))
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "openat2")


def _add(rules: Any, action: int, name: str, *arguments: Any) -> None:
    try:
        rules.add_rule(action, name, *arguments)
    except (OSError, ValueError) as error:
        if name in _LATER:
            rules.add_rule(action, _LATER[name], *arguments)
        else:  # an architecture without the older form of the call
            log.debug("libseccomp does not know a system call on this machine", call=name, error=str(error))
