"""One database is migrated while tests are collected, and each worker's is a copy of it: migrating takes eight seconds."""

from __future__ import annotations

import fcntl
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

NAME = "migrated_for_tests"
DIRECTORY = "MGX_TEST_TEMPLATE"
"""Names the directory to the workers. Its lock is free when migrating has ended; ``done`` says that it succeeded."""
TOP = Path(__file__).resolve().parents[1]


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


def _migrate(directory: Path) -> None:
    import django
    import psycopg
    from django.core.management import call_command

    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(url)._replace(path=f"/{NAME}"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "mgx_project.settings"
    django.setup()
    gc.disable()  # each step makes all models again: looking through them for garbage takes a quarter of the time
    call_command("migrate", verbosity=0, interactive=False)
    (directory / "done").touch()


if __name__ == "__main__":
    _migrate(Path(sys.argv[1]))
