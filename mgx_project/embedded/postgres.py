"""One PostgreSQL 18 cluster in a private directory: loopback only, password always, no socket file.

The role ``postgres`` is the superuser and used only by this package; the application's role ``mgx`` owns the database ``mgx``
and may create databases (tests do), nothing more.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from mgx_project.common.private_files import private_directory
from mgx_project.common.tenant_wall import OPERATOR, TENANT
from mgx_project.embedded import binaries
from mgx_project.embedded.account import PLAIN, Account, account_for
from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.files import tail, write_private
from mgx_project.embedded.processes import Escalation, Process, spawn

ROLE = DATABASE = "mgx"
SUPERUSER = "postgres"

# Fast, then immediate shutdown: https://www.postgresql.org/docs/18/server-shutdown.html
STOP: Escalation = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, a data directory's is not
    "max_connections": "100",
    "shared_buffers": "64MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# For data that is thrown away: nothing reaches the disk on time.
EPHEMERAL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "io_method": "sync",
}

_CREATE = """
\\set ON_ERROR_STOP on
SELECT 'CREATE ROLE {role} LOGIN CREATEDB' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec
SELECT format('CREATE ROLE %I NOLOGIN', name) FROM unnest(ARRAY['{tenant}', '{operator}']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
SELECT 'GRANT {tenant}, {operator} TO {role}' WHERE NOT pg_has_role('{role}', '{operator}', 'MEMBER') \\gexec
SET log_min_error_statement = panic;
ALTER ROLE {role} PASSWORD '{password}';
SELECT 'CREATE DATABASE {database} OWNER {role}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec
"""


class Postgres:
    """The server ``postgres``. Passwords are plain URL-safe text; ``directory`` will hold the cluster in ``postgres/``."""

    name = "postgres"
    title = "PostgreSQL"
    stop = STOP

    def __init__(
        self, directory: Path, *, port: int, password: str, superuser_password: str, log: Path, ephemeral: bool = False
    ) -> None:
        self.directory = directory
        self.cluster = directory / "postgres"
        self.port = port
        self.log = log
        self.ephemeral = ephemeral
        self._password = password
        self._superuser_password = superuser_password
        self._account = PLAIN
        self._pid = 0

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:{quote(self._password, safe='')}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Make the cluster if there is none; stop a server that an earlier owner left behind on it."""
        private_directory(self.directory)
        self._account = account_for(self.cluster, binaries.postgresql("postgres"))
        if (self.cluster / "PG_VERSION").exists():
            self._check_version()
            self._stop_leftover()
        else:
            self._initialise(self._account)

    def spawn(self) -> subprocess.Popen[bytes]:
        settings = SETTINGS | (EPHEMERAL if self.ephemeral else {}) | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        process = spawn(
            [str(binaries.postgresql("postgres")), "-D", str(self.cluster), *options],
            log=self.log,
            env=_environment(),
            cwd=self.cluster,
            death_signal=signal.SIGINT,
            account=self._account,
        )
        self._pid = process.pid
        return process

    def ready(self) -> bool:
        """Whether the server says that it takes connections (lines 1 and 8 of postmaster.pid, as pg_ctl reads them)."""
        lines = self._postmaster_lines()
        return len(lines) > 7 and lines[0].strip() == str(self._pid) and lines[7].strip() == "ready"

    def complete(self) -> None:
        """Make the role and the database if they are missing. Raises EmbeddedError when the server refuses the password."""
        command = [
            str(binaries.postgresql("psql")),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            SUPERUSER,
            "-XqAt",
            "postgres",
        ]
        password = self._password.replace("'", "''")
        script = _CREATE.format(role=ROLE, tenant=TENANT, operator=OPERATOR, database=DATABASE, password=password)
        environment = _environment() | {"PGPASSWORD": self._superuser_password, "PGCONNECT_TIMEOUT": "10"}
        done = subprocess.run(command, input=script, env=environment, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            reason = done.stderr.strip().replace(self._password, "***")
            raise EmbeddedError(
                f"PostgreSQL on port {self.port} did not accept this installation's database: {reason}",
                hint=f"If secrets.json was lost, restore it, or move {self.cluster} away to start with an empty database.",
                log=self.log,
            )

    def _check_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text().strip()
        if found != binaries.POSTGRESQL_MAJOR:
            raise EmbeddedError(
                f"{self.cluster} was created by PostgreSQL {found}, but this is PostgreSQL {binaries.POSTGRESQL_MAJOR}.",
                hint=f"Dump it with PostgreSQL {found} (pg_dumpall), move the directory away, start again, and load the dump.",
            )

    def _initialise(self, account: Account) -> None:
        # In a directory of its own, renamed when complete: a kill in the middle leaves no half-made cluster.
        draft = self.directory / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        account.own(draft)
        password_file = self.directory / "postgres.password"
        write_private(password_file, self._superuser_password + "\n")
        account.own(password_file)
        command = [
            *(str(binaries.postgresql("initdb")), "-D", str(draft), "-U", SUPERUSER, "--pwfile", str(password_file)),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(["--no-sync"] if self.ephemeral else []),
        ]
        try:
            process = spawn(command, log=self.log, env=_environment(), cwd=self.directory, account=account)
            if process.wait(timeout=120):
                raise EmbeddedError(f"initdb could not create a database cluster in {self.cluster}.", log=self.log)
        finally:
            password_file.unlink()
        if self.cluster.exists():
            self.cluster.rmdir()
        draft.rename(self.cluster)

    def _stop_leftover(self) -> None:
        lines = self._postmaster_lines()
        if not lines:
            return
        process = Process.of(int(lines[0])) if lines[0].strip().isdigit() else None
        if process is not None and self._is_ours(process.pid) and not process.stop(STOP):
            raise EmbeddedError(f"PostgreSQL (pid {process.pid}) still runs on {self.cluster} and did not stop.", log=self.log)
        self._wait_for_orphans()
        # What it names is dead, not yet reaped, or somebody else's by now; PostgreSQL would take the last two for a server.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _wait_for_orphans(self, seconds: float = 20.0) -> None:
        """The processes of a killed postmaster notice its death and end; a new one must not start before that."""
        import psutil  # only who starts a server pays for it

        deadline = time.monotonic() + seconds
        while orphans := [pid for pid in psutil.pids() if self._is_ours(pid)]:
            if time.monotonic() > deadline:
                pids = ", ".join(map(str, orphans))
                raise EmbeddedError(f"Processes of an earlier PostgreSQL still use {self.cluster}: {pids}.", log=self.log)
            time.sleep(0.05)

    def _is_ours(self, pid: int) -> bool:
        """All processes of a server work in its data directory."""
        import psutil

        try:
            return Path(psutil.Process(pid).cwd()) == self.cluster.resolve()
        except psutil.Error:
            return False

    def _postmaster_lines(self) -> list[str]:
        return tail(self.cluster / "postmaster.pid")


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG* settings reaches the servers and tools."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
