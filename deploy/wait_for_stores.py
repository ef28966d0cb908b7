"""Waits until the database and the broker answer, with ``--schema`` also until the schema is that of this image, then runs the
command that is given.

Compose's ``migrate`` begins with it, so that ours depend on no container of a server: a change of ours leaves them alone, and
servers of your own are waited for alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg
import redis
from waiting import NotReady, wait

from mgx_project import env


def database() -> None:
    try:
        psycopg.connect(env.DATABASE_URL, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        raise NotReady(error) from error


def broker() -> None:
    try:
        with redis.Redis.from_url(env.REDIS_URL, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        raise NotReady(error) from error


def schema() -> None:
    """Raises NotReady while migrations of this image are missing in the database."""
    check = [sys.executable, str(Path(__file__).resolve().parent.parent / "manage.py"), "migrate", "--check"]
    done = subprocess.run(check, capture_output=True, text=True)
    if done.returncode:
        raise NotReady(done.stderr.strip()[-300:] or "migrations are missing")


def main(arguments: list[str]) -> None:
    asks = {"the database": database, "the broker": broker}
    if arguments[:1] == ["--schema"]:
        asks, arguments = {**asks, "the schema": schema}, arguments[1:]
    if not arguments:
        sys.exit("usage: wait_for_stores.py [--schema] COMMAND [ARGUMENT ...]")
    for name, ask in asks.items():
        wait(name, ask)
    os.execvp(arguments[0], arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
