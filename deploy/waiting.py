"""Waits for a server that starts: asks again until it answers, for two minutes at most."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

WAIT_SECONDS = 120.0
PAUSE_SECONDS = 0.5


class NotReady(Exception):
    """It may answer later. The text says what is wrong now."""


def wait(name: str, ask: Callable[[], None]) -> None:
    """Returns when ``ask`` does. While that raises NotReady, a new reason is printed on standard error; when the time is over,
    SystemExit is raised with the last one."""
    until, said = time.monotonic() + WAIT_SECONDS, ""
    while True:
        try:
            return ask()
        except NotReady as error:
            if time.monotonic() > until:
                sys.exit(f"{name} is not ready: {error}")
            if str(error) != said:
                said = str(error)
                print(f"waiting for {name}: {said}", file=sys.stderr)
        time.sleep(PAUSE_SECONDS)
