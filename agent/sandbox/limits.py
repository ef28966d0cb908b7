"""The resource limits of a sandboxed command, and how they are set: setrlimit(2) through util-linux's ``prlimit``."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

MiB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes. ``address_space`` is per process and generous: V8 reserves 8 GiB for each WebAssembly memory.
    ``memory`` is what all processes of the command may hold together, shared memory and temporary files included;
    ``cpu_seconds`` is the processor time of all of them. ``disk`` is what the workdir's file system may lose meanwhile, and
    ``inodes`` the files that may be added there and in memory. ``tmp`` bounds each of /tmp and /dev/shm.
    Of what a command prints the last ``output`` bytes are kept, and the first ``head`` before them.
    """

    processes: int = 256
    address_space: int = 128 << 30
    memory: int = 2 << 30
    disk: int = 4 << 30
    inodes: int = 100_000
    cpu_seconds: int = 3600
    file_size: int = 512 * MiB
    open_files: int = 1024
    tmp: int = 256 * MiB
    output: int = 64 * 1024
    head: int = 0

    def argv(self, timeout: float) -> list[str]:
        """The command prefix that sets them. It runs inside the new user namespace, so ``--nproc`` counts the sandbox only.

        The soft CPU limit ends one process that spins; the wall clock ends the whole command.
        """
        return [
            "/usr/bin/prlimit",
            f"--nproc={self.processes}",
            f"--as={self.address_space}",
            f"--fsize={self.file_size}",
            f"--nofile={self.open_files}",
            f"--cpu={ceil(timeout) + 1}",
            "--core=0",
            "--",
        ]
