"""One Valkey server: loopback only, password always, nothing on disk (the database holds all that must last)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from mgx_project.common.private_files import private_directory
from mgx_project.embedded import binaries
from mgx_project.embedded.processes import TERMINATE, spawn

# Read from standard input, so that the password is neither in a file nor on a command line.
_CONFIGURATION = """
bind 127.0.0.1
port {port}
requirepass {password}
dir "{directory}"
save ""
appendonly no
databases 64
"""


class Valkey:
    """The server ``valkey``. ``password`` is plain URL-safe text."""

    name = "valkey"
    title = "Valkey"
    stop = TERMINATE

    def __init__(self, directory: Path, *, port: int, password: str, log: Path) -> None:
        self.directory = directory / "valkey"
        self.port = port
        self.log = log
        self._password = password

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        private_directory(self.directory)

    def spawn(self) -> subprocess.Popen[bytes]:
        quoted = str(self.directory).replace("\\", "\\\\").replace('"', '\\"')
        configuration = _CONFIGURATION.format(port=self.port, password=self._password, directory=quoted)
        return spawn(
            [str(binaries.valkey_server()), "-"],
            log=self.log,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            cwd=self.directory,
            stdin=configuration.encode(),
            death_signal=signal.SIGTERM,
        )

    def ready(self) -> bool:
        """Whether the server answers, and to this password."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = connection.recv(256)
                    if not part:
                        return False
                    answer += part
                return answer == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    def complete(self) -> None:
        """There is nothing to create inside."""
