"""Which parts of the host a sandboxed command sees, all read-only: the system's programs, the interpreter, the formatters."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
NETWORK_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services")
CERTIFICATES = ("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/local/share/ca-certificates")
READ_ONLY = ("sys", "sysrq-trigger", "irq", "bus", "fs", "mtrr", "pressure")
"""Kernel settings below /proc that user 0 of the host may write as their owner, without any capability. A sandbox started by
root keeps that user id, whatever number it sees inside, and ``/proc/sys/kernel/core_pattern`` would be a way out."""
MASKED = (
    # runc's default ``maskedPaths`` (libcontainer/specconv/example.go)
    *("acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats"),
    *("config.gz", "iomem", "ioports", "kallsyms", "key-users", "kmsg", "kpagecgroup", "kpagecount", "kpageflags", "modules"),
    *("pagetypeinfo", "slabinfo", "tty/driver", "vmallocinfo", "vmcore"),
)
"""What tells of the host's memory, devices and keys."""
PASSWD = b"sandbox:x:65534:65534:sandbox:/tmp:/bin/sh\n"
GROUP = b"sandbox:x:65534:\n"
HOSTS = b"127.0.0.1 localhost\n::1 localhost\n"
SWITCH = b"hosts: files\n"
"""Of the sandbox without a network: its own loopback has a name, and no name is asked for elsewhere."""


@dataclass(frozen=True)
class Bind:
    """``source`` of the host seen at ``target``."""

    source: str
    target: str
    writable: bool = False

    def argv(self) -> list[str]:
        return ["--bind" if self.writable else "--ro-bind", self.source, self.target]


def system_argv() -> list[str]:
    """The merged-/usr links as they are on the host; directories of their own where it isn't merged."""
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            argv += ["--ro-bind", name, name]
    for name in SYSTEM_FILES:
        argv += ["--ro-bind-try", name, name]
    return argv


def kernel_argv() -> list[str]:
    """Lays read-only copies over ``READ_ONLY`` and hides what ``masked_paths`` gives; to be placed after ``--proc``."""
    argv = []
    for name in READ_ONLY:
        if Path(f"/proc/{name}").exists():
            argv += ["--ro-bind", f"/proc/{name}", f"/proc/{name}"]
    for path, is_directory in masked_paths():
        if is_directory:
            argv += ["--size", "4096", "--tmpfs", path, "--remount-ro", path]
        else:
            argv += ["--ro-bind", "/dev/null", path]  # a mount without devices: opening it is refused
    return argv


@cache
def masked_paths() -> tuple[tuple[str, bool], ...]:
    """``MASKED`` where it exists, and whatever else at the top of /proc only the host's root may read: (path, is it a
    directory)."""
    with os.scandir("/proc") as entries:
        private = [entry.name for entry in entries if not entry.name.isdigit() and _is_private(entry)]
    paths = [Path("/proc", name) for name in sorted({*MASKED, *private} - set(READ_ONLY))]
    return tuple((str(path), path.is_dir()) for path in paths if path.exists())


def _is_private(entry: os.DirEntry[str]) -> bool:
    return not entry.is_symlink() and not entry.stat().st_mode & stat.S_IROTH


def interpreter_binds(base: Path | None = None) -> list[Bind]:
    """The Python that runs this, at its own path, which virtual environments name; nothing where /usr holds it already."""
    prefix = base or Path(sys.base_prefix)
    paths = dict.fromkeys((str(prefix), str(prefix.resolve())))
    return [Bind(str(prefix.resolve()), path) for path in paths if not path.startswith("/usr/") and path != "/usr"]


def interpreter() -> str:
    """The path of the interpreter to make environments from."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.base_prefix) / "bin" / version)


NETWORK_VARIABLES = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
"""What the server's own environment says of the way to a network, for programs that fetch packages."""


def network_binds() -> list[Bind]:
    """What a program needs to reach a server by name and to trust it. A link is bound as what it points to."""
    binds = []
    for name in (*NETWORK_FILES, *CERTIFICATES):
        path = Path(name)
        if path.exists() and not name.startswith("/usr/"):
            binds.append(Bind(str(path.resolve()), name))
    return binds
