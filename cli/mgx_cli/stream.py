"""Streams the events of a run, each once and in order, across lost connections (CONTRACT: WebSocket)."""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from mgx_cli.api import Api
from mgx_cli.errors import NoAccess, Unreachable
from mgx_cli.interrupt import raise_if_interrupted

SILENCE = 60.0
"""Seconds without a frame after which the connection counts as lost; the server sends a heartbeat every 25."""
TICK = 0.5
"""Seconds of one wait: Ctrl-C in the moment before a wait, or in code that swallows it, is only noticed after it."""
GIVE_UP = 90.0
"""Seconds without a connection after which the server counts as unreachable."""
_REFUSED = {4401: "The server does not accept the token.", 4404: "This run does not exist or you do not have access to it."}

Event = dict[str, Any]


def events(api: Api, run_id: str, *, after: int = 0, on_trouble: Callable[[str], None]) -> Generator[Event, None, None]:
    """Yields events with ``seq`` greater than ``after`` until the caller stops, and between them the frames without a ``seq``:
    ``live`` when all earlier events were sent, and heartbeats.

    ``on_trouble`` gets a sentence when the connection is lost. Raises ``NoAccess`` or, after ``GIVE_UP`` seconds without a
    connection, ``Unreachable``.
    """
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

    last, failures, lost_at = after, 0, time.monotonic()
    while True:
        try:
            for event in _connection(api, run_id, last):
                failures, lost_at = 0, time.monotonic()
                if "seq" not in event:
                    yield event
                elif event["seq"] > last:
                    last = int(event["seq"])
                    yield event
            reason = "silence"
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else 1006
            if code in _REFUSED:
                raise NoAccess(_REFUSED[code], hint="Sign in with: mgx login" if code == 4401 else "See: mgx list") from error
            reason = f"closed with {code}"
        except InvalidStatus as error:
            status = error.response.status_code
            if status in (401, 403, 404):
                raise NoAccess(f"The server refused the event stream (HTTP {status}).", hint="See: mgx whoami") from error
            reason = f"HTTP {status}"
        except (OSError, InvalidHandshake, ValueError) as error:
            reason = str(error) or type(error).__name__
        failures += 1
        if time.monotonic() - lost_at > GIVE_UP:
            raise Unreachable(f"Lost the event stream of {api.server.base_url} ({reason}).")
        if failures == 1:
            on_trouble(f"connection lost ({reason}), trying again")
        time.sleep(min(5.0, 0.1 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.0))


def _connection(api: Api, run_id: str, after: int) -> Iterator[Event]:
    """The events of one connection; ends when it has been silent for too long.

    A thread of its own speaks with the server: an interrupt in the middle of the library's code could leave its locks held, and
    closing would wait for them for ever. The queue holds a frame at most, so a slow reader slows the server down.
    """
    frames: queue.Queue[Event | BaseException] = queue.Queue(maxsize=1)
    done = threading.Event()
    threading.Thread(target=_receive, args=(api, run_id, after, frames, done), daemon=True).start()
    heard = time.monotonic()
    try:
        while time.monotonic() - heard < SILENCE:
            raise_if_interrupted()
            try:
                frame = frames.get(timeout=TICK)
            except queue.Empty:
                continue
            if isinstance(frame, BaseException):
                raise frame
            yield frame
            heard = time.monotonic()
    finally:
        done.set()


def _receive(api: Api, run_id: str, after: int, frames: queue.Queue[Event | BaseException], done: threading.Event) -> None:
    """Puts the frames of a connection into the queue until ``done`` is set, and what ended it as the last."""
    from websockets.sync.client import connect

    url = f"ws{api.server.base_url[4:]}/ws/runs/{quote(run_id)}?after={after}"
    options: dict[str, Any] = {"proxy": None} if api.server.is_loopback else {}

    def hand_over(frame: Event | BaseException) -> None:
        while not done.is_set():
            with suppress(queue.Full):
                frames.put(frame, timeout=TICK)
                break

    try:
        with connect(url, additional_headers=api.identity_headers(), max_size=16 << 20, close_timeout=1, **options) as socket:
            while not done.is_set():
                try:
                    frame = json.loads(socket.recv(timeout=TICK))
                except TimeoutError:
                    continue
                if isinstance(frame, dict):
                    hand_over(frame)
    except Exception as error:
        hand_over(error)
