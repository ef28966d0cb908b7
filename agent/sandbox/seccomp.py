"""System calls that no build or test needs and that have opened sandboxes before: refused with EPERM."""

from __future__ import annotations

import errno
import os
import tempfile
from functools import cache
from importlib import import_module

import structlog

from agent.sandbox.arguments import add_rules

log = structlog.stdlib.get_logger(__name__)

DENIED = [
    "acct",
    "add_key",
    "bpf",
    "delete_module",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mount",
    "mount_setattr",
    "move_mount",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "reboot",
    "request_key",
    "setns",
    "swapoff",
    "swapon",
    "syslog",
    "umount2",
    "unshare",
    "userfaultfd",
    "vmsplice",
]

_CLONE_NAMESPACES = 0x7E020000
"""CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET (linux/sched.h)."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
"""ioctls that type into the terminal of the caller."""


@cache
def program() -> bytes | None:
    """The BPF program, or None where libseccomp is absent (said once in the log): namespaces and limits still hold.

    A call of a foreign architecture (32 bits, x32) kills the thread that makes it: libseccomp's SCMP_FLTATR_ACT_BADARCH.
    """
    try:
        pyseccomp = import_module("pyseccomp")
    except (ImportError, RuntimeError, OSError) as error:
        log.warning("the sandbox has no system call filter: libseccomp can't be loaded; install libseccomp2", error=str(error))
        return None
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in DENIED:
        try:
            rules.add_rule(refuse, name)
        except (OSError, ValueError) as error:
            log.debug("libseccomp does not know a system call on this machine", call=name, error=str(error))
    for bit in (1 << shift for shift in range(32) if _CLONE_NAMESPACES >> shift & 1):
        rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, bit, bit))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    add_rules(pyseccomp, rules)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def descriptor() -> int | None:
    """A new descriptor to read the program from; whoever asks closes it."""
    code = program()
    if code is None:
        return None
    return data_descriptor(code)


def data_descriptor(data: bytes) -> int:
    """A descriptor in memory that gives ``data`` from its start."""
    fd = os.memfd_create("sandbox")
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
