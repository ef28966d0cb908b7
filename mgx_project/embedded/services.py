"""PostgreSQL and Valkey together. The test session uses this alone, the supervisor watches the same children."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from mgx_project.common.private_files import private_directory
from mgx_project.embedded.children import Child
from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.ports import free_port, is_free
from mgx_project.embedded.postgres import Postgres
from mgx_project.embedded.valkey import Valkey

START_SECONDS = 60.0


class Services:
    """Both servers below ``directory``; the URL of one that is not to be started is empty.

        with Services(directory, ephemeral=True) as services:
            services.database_url, services.redis_url

    Without ``credentials`` the directory's own are used. ``ephemeral`` trades durability for speed (no fsync). ``ports`` are
    preferred, not demanded. The servers die with the thread that started them (Linux). Raises EmbeddedError when one can't
    be started.
    """

    def __init__(
        self,
        directory: Path,
        *,
        ephemeral: bool = True,
        credentials: Credentials | None = None,
        start_database: bool = True,
        start_redis: bool = True,
        ports: dict[str, int] | None = None,
        logs: Path | None = None,
    ) -> None:
        # PostgreSQL's account may be another one that does not share our working directory.
        self.directory = directory.absolute()
        self.children: list[Child] = []
        secret = credentials or Credentials.load(private_directory(self.directory) / "secrets.json")
        wanted, logs = ports or {}, (logs or directory / "logs").absolute()
        self._servers: list[Postgres | Valkey] = []
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        if start_database:
            self._postgres = Postgres(
                self.directory,
                port=free_port(wanted.get("postgres", 0)),
                password=secret.database_password,
                superuser_password=secret.superuser_password,
                log=logs / "postgres.log",
                ephemeral=ephemeral,
            )
            self._servers.append(self._postgres)
        if start_redis:
            self._valkey = Valkey(
                self.directory,
                port=free_port(wanted.get("valkey", 0)),
                password=secret.valkey_password,
                log=logs / "valkey.log",
            )
            self._servers.append(self._valkey)

    @property
    def database_url(self) -> str:
        return self._postgres.url if self._postgres else ""

    @property
    def redis_url(self) -> str:
        return self._valkey.url if self._valkey else ""

    @property
    def ports(self) -> dict[str, int]:
        return {server.name: server.port for server in self._servers}

    def start(self, on_stage: Callable[[str], None] = lambda stage: None, pause: Callable[[float], None] = time.sleep) -> Self:
        """Start both and return when they take connections. ``pause`` may raise to give up; call ``stop`` then."""
        private_directory(self.directory)
        for server in self._servers:
            on_stage(f"starting {server.title}")
            server.prepare()
            self._start(server, pause)
            server.complete()
        return self

    def _start(self, server: Postgres | Valkey, pause: Callable[[float], None]) -> None:
        child = Child(server)
        self.children.append(child)
        for attempt in range(3):
            child.start()
            try:
                child.wait_ready(START_SECONDS, pause)
                return
            except EmbeddedError:
                # Somebody took the port between the choice and the start.
                if child.process is not None or is_free(server.port) or attempt == 2:
                    raise
                server.port = free_port()

    def stop(self) -> None:
        """Stop what was started, last first; each one is tried even when another does not stop."""
        with ExitStack() as stack:
            for child in self.children:
                stack.callback(child.end)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
