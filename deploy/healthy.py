"""Container health: ``web`` asks /health/ready, ``worker`` looks for the sign of life of its own worker in Redis, and for what
that says of its sandbox. ``worker-lives`` looks for the sign alone: to start a worker again opens no sandbox.

Exit code 0 healthy, 1 not; the reason is printed.
"""

from __future__ import annotations

import json
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def web() -> str:
    try:
        with urllib.request.urlopen("http://127.0.0.1:8000/health/ready", timeout=4):
            return ""
    except urllib.error.HTTPError as error:
        said = error.read(2000).decode(errors="replace")
        return "" if only_workers_are_missing(said) else f"{error.code}: {said}"
    except OSError as error:
        return str(error)


def only_workers_are_missing(said: str) -> bool:
    """This container does its part then: the worker's own check tells of the worker."""
    try:
        checks = json.loads(said)["checks"]
        return {name for name, check in checks.items() if check["status"] != "ok"} == {"workers"}
    except (ValueError, KeyError, TypeError):
        return False


def worker() -> str:
    beats, wrong = signs_of_life()
    return wrong or next(filter(None, map(closed_sandbox, beats)), "")


def worker_lives() -> str:
    return signs_of_life()[1]


def closed_sandbox(beat: bytes | str) -> str:
    sandbox = json.loads(beat).get("sandbox", {})
    return f"no sandbox: {sandbox['detail']} {sandbox['hint']}" if sandbox.get("status") == "closed" else ""


def signs_of_life() -> tuple[list[bytes | str], str]:
    """What the workers of this container said last, or why there is nothing."""
    import redis

    from mgx_project import env
    from mgx_project.common.living_workers import last_heartbeats

    host = socket.gethostname()
    try:
        beats = last_heartbeats(redis.Redis.from_url(env.REDIS_URL, socket_timeout=4), host)
    except redis.RedisError as error:
        return [], str(error)
    return beats, "" if beats else f"no worker of {host} has told Redis lately that it lives"


if __name__ == "__main__":
    checks = {"web": web, "worker": worker, "worker-lives": worker_lives}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        sys.exit(f"usage: healthy.py {'|'.join(checks)}")
    sys.exit(checks[sys.argv[1]]() or 0)
