"""Waits until the database and the broker answer, with ``--schema`` also until the schema is that of this image, then runs the
command that is given. ``WAIT_SECONDS`` is the longest wait for each.

Compose's ``migrate`` begins with it, so that ours depend on no container of a server: a change of ours leaves them alone, and
servers of your own are waited for alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg
import redis

from mgx_project import env

WAIT_SECONDS = 120.0
PAUSE_SECONDS = 0.5


def database() -> None:
    psycopg.connect(env.DATABASE_URL, connect_timeout=5).close()


def broker() -> None:
    with redis.Redis.from_url(env.REDIS_URL, socket_timeout=5, socket_connect_timeout=5) as client:
        client.ping()


class SchemaBehind(Exception):
    """Migrations of this image are missing in the database."""


def schema() -> None:
    check = [sys.executable, str(Path(__file__).resolve().parent.parent / "manage.py"), "migrate", "--check"]
    done = subprocess.run(check, capture_output=True, text=True)
    if done.returncode:
        raise SchemaBehind(done.stderr.strip()[-300:] or "migrations are missing")


def wait(name: str, ask: Callable[[], None], until: float) -> None:
    """Raises SystemExit with what is wrong, when the time is over."""
    said = ""
    while True:
        try:
            return ask()
        except (psycopg.OperationalError, redis.RedisError, OSError, SchemaBehind) as error:
            if time.monotonic() > until:
                sys.exit(f"{name} is not ready: {error}")
            if str(error) != said:
                said = str(error)
                print(f"waiting for {name}: {said}", file=sys.stderr)
        time.sleep(PAUSE_SECONDS)


def main(arguments: list[str]) -> None:
    asks = {"the database": database, "the broker": broker}
    if arguments[:1] == ["--schema"]:
        asks, arguments = {**asks, "the schema": schema}, arguments[1:]
    if not arguments:
        sys.exit("usage: wait_for_stores.py [--schema] COMMAND [ARGUMENT ...]")
    for name, ask in asks.items():
        wait(name, ask, time.monotonic() + WAIT_SECONDS)
    os.execvp(arguments[0], arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
