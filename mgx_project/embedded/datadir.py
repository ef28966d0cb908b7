"""The data directory of one installation: what lies where, and who holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from mgx_project.common.private_files import private_directory
from mgx_project.embedded.files import write_private


class DataDirectory:
    """``MGX_DATA_DIR``, else ``$XDG_DATA_HOME/mgx``, else ``~/.local/share/mgx``."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.state = self.path / "state.json"
        self.lock = self.path / "supervisor.lock"
        self.secrets = self.path / "secrets.json"
        self.token = self.path / "token"
        self.local_roots = self.path / "local_roots"
        self.logs = self.path / "logs"
        self._lock_descriptor: int | None = None

    @classmethod
    def choose(cls, given: str | None, environ: Mapping[str, str]) -> DataDirectory:
        if given or environ.get("MGX_DATA_DIR"):
            return cls(Path(given or environ["MGX_DATA_DIR"]))
        base = environ.get("XDG_DATA_HOME") or "~/.local/share"
        return cls(Path(base) / "mgx")

    def make(self) -> None:
        private_directory(self.path)
        private_directory(self.logs)
        if not self.local_roots.exists():
            write_private(self.local_roots, "")

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def acquire(self) -> bool:
        """Hold the directory until this process ends, however it ends; False when another process holds it."""
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock_descriptor = descriptor
        return True

    def still_held(self) -> bool:
        """False once the directory was removed or replaced under the holder."""
        try:
            return self._lock_descriptor is not None and os.path.samestat(os.fstat(self._lock_descriptor), self.lock.stat())
        except FileNotFoundError:
            return False

    def allow(self, root: Path) -> bool:
        """Let runs use the directory ``root`` and what is below it; False when that was so already."""
        known = self.allowed()
        if str(root) in known:
            return False
        write_private(self.local_roots, "".join(f"{line}\n" for line in [*known, str(root)]))
        return True

    def allowed(self) -> list[str]:
        try:
            return [line for line in self.local_roots.read_text(encoding="utf-8").splitlines() if line]
        except FileNotFoundError:
            return []
