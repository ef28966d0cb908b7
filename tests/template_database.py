"""One database is migrated while tests are collected, and each worker's is a copy of it.

Migrating takes eight seconds of a core, loading a dump one: what was migrated last is kept beside pytest's own cache, under the
digest of what decides on it.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from mgx_project.embedded.binaries import postgresql

NAME = "migrated_for_tests"
DIRECTORY = "MGX_TEST_TEMPLATE"
"""Names the directory to the workers. Its lock is free when migrating has ended; ``done`` says that it succeeded."""
TOP = Path(__file__).resolve().parents[1]
CACHE = TOP / ".pytest_cache" / "migrated"
DECISIVE = (
    "*/migrations/*.py",
    "*/models/**/*.py",
    "mgx_project/**/*.py",
    "repositories/hosting/*.py",
    "uv.lock",
    "tests/template_database.py",
)
"""The tables are from the migrations and what these import, the rows of permissions from the models."""


@contextmanager
def migrating(directory: Path) -> Iterator[None]:
    """A process migrates ``NAME`` on the server of DATABASE_URL in the meantime; it is ended with the block."""
    directory.mkdir()
    os.environ[DIRECTORY] = str(directory)
    with (directory / "lock").open("w") as lock, (directory / "log").open("w") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the child's until it ends, for it has the descriptor too
        command = [sys.executable, "-m", "tests.template_database", str(directory)]
        process = subprocess.Popen(command, cwd=TOP, stdout=log, stderr=log, pass_fds=(lock.fileno(),))
    try:
        yield
    finally:
        process.kill()
        process.wait()


def use_if_made() -> None:
    """For the settings of Django: waits until the migrated database is there, and has the test's own made from it."""
    from django.conf import settings

    if not (name := os.environ.get(DIRECTORY)):
        return
    directory = Path(name)
    with (directory / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
    if not (directory / "done").exists():
        pytest.exit(f"The database of the tests could not be migrated:\n{(directory / 'log').read_text('utf-8')}", 1)
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = NAME


def decisive() -> list[Path]:
    return sorted({path for pattern in DECISIVE for path in TOP.glob(pattern)})


def _dump() -> Path:
    """Where the dump of the present migrations is kept."""
    digest = hashlib.sha256()
    for path in decisive():
        digest.update(f"{path.relative_to(TOP)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return CACHE / f"{digest.hexdigest()[:32]}.dump"


def _make(directory: Path) -> None:
    import psycopg

    url, dump = os.environ["DATABASE_URL"], _dump()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    own = urlunsplit(urlsplit(url)._replace(path=f"/{NAME}"))
    if dump.is_file():
        _run("pg_restore", f"--dbname={own}", "--no-owner", "--exit-on-error", str(dump))
    else:
        _migrate(own)
        _keep(own, dump)
    (directory / "done").touch()


def _migrate(url: str) -> None:
    import django
    from django.core.management import call_command

    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "mgx_project.settings"
    django.setup()
    gc.disable()  # each step makes all models again: looking through them for garbage takes a quarter of the time
    call_command("migrate", verbosity=0, interactive=False)


def _keep(url: str, dump: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    begun = dump.with_name(f"{dump.name}-{os.getpid()}")  # two sessions may begin at once
    _run(
        "pg_dump",
        f"--dbname={url}",
        "--format=custom",
        "--enable-row-security",
        "--compress=0",
        "--no-owner",
        f"--file={begun}",
    )
    for older in CACHE.glob("*.dump"):
        older.unlink(missing_ok=True)
    begun.rename(dump)


def _run(program: str, *arguments: str) -> None:
    subprocess.run([postgresql(program), *arguments], check=True)


if __name__ == "__main__":
    _make(Path(sys.argv[1]))
