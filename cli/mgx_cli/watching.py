"""Finds the moment at which a watched run stands still: it has ended, or waits for a person, and all of its events were seen.

The state says so, not the name of an event: a plan that is rejected with feedback is drafted again, a paused run may have gone
on since, and a server may have events that this mgx does not know. The state is read when it can have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

from mgx_cli import run_state
from mgx_cli.api import Api
from mgx_cli.stream import Event, events

_NO_CHANGE = frozenset(
    {"command_finished", "command_started", "model_call", "model_output", "progress", "role_message", "tool_called"}
)
"""Frequent events of a run that works: none of them changes its state. What was missed is found at the next heartbeat."""

Run = dict[str, Any]


def frames(
    api: Api, run: Mapping[str, Any], *, after: int, on_trouble: Callable[[str], None]
) -> Generator[tuple[Event | None, Run | None], None, None]:
    """Yields each event, with the run if it stands still there; without an event if it does so between events.

    It goes on until the caller stops.
    """
    seen, known = after, int(run.get("last_seq") or 0)
    with closing(events(api, run["id"], after=after, on_trouble=on_trouble)) as found:
        for frame in found:
            event = frame if "seq" in frame else None
            seen = seen if event is None else int(event["seq"])
            now: Run | None = None
            if seen >= known and frame.get("type") not in _NO_CHANGE:
                now = api.get(f"/api/runs/{run['id']}")
                known = int(now.get("last_seq") or 0)
            standing = now if now is not None and seen >= known and run_state.exit_code(now) is not None else None
            if event is not None or standing is not None:
                yield event, standing
