"""A real worker process, `manage.py work`, on the database of the present test (which must be one that commits)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.db import connection

from mgx_project.common import living_workers
from runs.models import TaskRun
from runs.models.run_state import Status

from .patience import wait_for

CHECKOUT = Path(__file__).resolve().parents[2]


@contextmanager
def worker(*args: str, log: Path, tree: Path = CHECKOUT, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """The watcher of the worker, which is killed at the end, and with it the worker and whatever that started. ``tree`` is the
    checkout that it runs from."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    argv = [sys.executable, "manage.py", "work", *args]
    whole = {**os.environ, "DATABASE_URL": url, **env}
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            cwd=tree,
            env=whole,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            prefix = living_workers.KEY.format("")
            for key in client.scan_iter(f"{prefix}*"):  # it would seem to live for some seconds more
                living_workers.say_goodbye(client, key.decode().removeprefix(prefix))


def wait_for_end(run: TaskRun, log: Path) -> None:
    """Until a worker has ended ``run`` or paused it; a failure shows the end of its ``log``."""

    def ended() -> bool:
        run.refresh_from_db()
        return run.is_final or run.status == Status.PAUSED

    wait_for(ended, told=lambda: log.read_text()[-2000:])
