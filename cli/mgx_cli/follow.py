"""Watches a run until it ends or needs a person: timeline, question about the plan, and exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from mgx_cli import run_state
from mgx_cli.api import Api
from mgx_cli.errors import ApiError, ExitCode, InterruptedByUser
from mgx_cli.ids import short
from mgx_cli.output import fold, paint, put, put_ndjson, say
from mgx_cli.render import Line, error_lines, result_lines
from mgx_cli.stream import Event, events

_ENDS = frozenset({"completion", "failure", "cancelled", "rejected", "paused"})
"""Events after which a run may wait for a person or have ended."""
_ASKS = {"approval_required": "approve", "changes_ready": "changes"}
"""Events that ask for a decision, and the action that answers."""


def follow(
    api: Api, run: Mapping[str, Any], *, after: int = 0, as_json: bool = False, verbose: bool = False, place: Path | None = None
) -> ExitCode:
    """Shows the run from event ``after`` on. On a terminal it asks about the plan; otherwise a waiting run ends the watch.

    Ctrl-C raises ``InterruptedByUser``; the run continues.
    """
    try:
        final = _watch_json(api, run, after) if as_json else _watch(api, run, after, verbose)
    except KeyboardInterrupt:
        raise InterruptedByUser(
            "Detached. The run continues.", hint=f"Watch it again with: mgx attach {short(run['id'])}"
        ) from None
    if as_json:
        put_ndjson({"type": "run", "run": final})
    else:
        _conclude(final, place)
    code = run_state.exit_code(final)
    return ExitCode.FAILED if code is None else code


def _watch(api: Api, run: Mapping[str, Any], after: int, verbose: bool) -> dict[str, Any]:
    from mgx_cli.timeline import Timeline

    with (
        Timeline(verbose=verbose) as timeline,
        closing(events(api, run["id"], after=after, on_trouble=timeline.trouble)) as found,
    ):
        timeline.state(run_state.label(run))
        for event in found:
            timeline.show(event)
            now = _standstill(api, event)
            if now is None:
                continue
            if run_state.asks_for(now, "approve") and _can_ask():
                if _decide(api, now, timeline.ask):
                    continue
                now = api.get(f"/api/runs/{run['id']}")
                if run_state.exit_code(now) is None:
                    continue
            return now
    raise AssertionError("a stream of events does not end by itself")


def _watch_json(api: Api, run: Mapping[str, Any], after: int) -> dict[str, Any]:
    with closing(events(api, run["id"], after=after, on_trouble=lambda text: say(text, "yellow"))) as found:
        for event in found:
            put_ndjson(event)
            now = _standstill(api, event)
            if now is not None:
                return now
    raise AssertionError("a stream of events does not end by itself")


def _standstill(api: Api, event: Event) -> dict[str, Any] | None:
    """The run, if it is still waiting at this event; None for replayed events of past decisions."""
    kind = str(event.get("type"))
    if kind not in _ENDS and kind not in _ASKS:
        return None
    run: dict[str, Any] = api.get(f"/api/runs/{event['run_id']}")
    if kind == "approval_required" and (event.get("data") or {}).get("plan_version") not in (None, run.get("plan_version")):
        return None
    if kind in _ASKS:
        return run if run_state.asks_for(run, _ASKS[kind]) else None
    if run_state.waits_for_person(run):  # for a decision? Then the event that asks for it comes later
        return None if any(run_state.asks_for(run, action) for action in _ASKS.values()) else run
    return run if run_state.is_final(run) else None


def stream_lines(api: Api, run: Mapping[str, Any]) -> None:
    """Prints the events of a run as NDJSON until it ends."""
    with closing(events(api, run["id"], on_trouble=lambda text: say(text, "yellow"))) as found:
        for event in found:
            put_ndjson(event)
            if event.get("type") in _ENDS and run_state.is_final(api.get(f"/api/runs/{run['id']}")):
                return


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _decide(api: Api, run: Mapping[str, Any], ask: Any) -> bool:
    """Asks about the plan and sends the answer. Returns False if it stays undecided or somebody else was first."""
    body: dict[str, Any] | None = None
    while body is None:
        try:
            answer = ask("Approve? [y]es / [n]o / [f]eedback / [d]etach").lower()
            if answer in ("y", "yes"):
                body = {"approved": True}
            elif answer in ("n", "no"):
                body = {"approved": False}
            elif answer in ("f", "feedback"):
                feedback = ask("What should change?")
                body = {"approved": False, "feedback": feedback} if feedback else None
            elif answer in ("d", "detach"):
                return False
        except EOFError:
            return False
    try:
        api.post(f"/api/runs/{run['id']}/approve", {**body, "plan_version": run["plan_version"]})
    except ApiError as error:
        if error.status != 409:
            raise
        say(f"The plan was already decided: {error.detail}", "yellow")
        return False
    return True


def _conclude(run: Mapping[str, Any], place: Path | None) -> None:
    """Prints the result on stdout and what to do next on stderr."""
    name, trouble, question = short(run["id"]), run_state.is_in_trouble(run), run.get("pause_reason") == "question"
    say()
    label = paint(run_state.label(run), f"{run_state.style(run)} bold".strip(), sys.stderr)
    say(f"Run #{run.get('run_number')} ({name}): {label}")
    if trouble:
        for line in error_lines(run):
            _say_line(line)
    if trouble and run_state.is_final(run):
        say(f"See its log with: mgx logs {name}")
    if commands := run_state.next_commands(run, name):
        say("\n  ".join(["Answer with:" if trouble and question else str(run_state.state_of(run)["next"]), *commands]))
    if (trouble and not question) or run_state.has_succeeded(run):
        for line in result_lines(run, place):
            put("".join(paint(text, style, sys.stdout) for text, style in line).rstrip())
    if run_state.has_succeeded(run) and run.get("branch_name"):
        say(f"See the change with: mgx diff {name}")


def _say_line(line: Line) -> None:
    taken, painted = 0, []
    for text, style in line:
        painted.append(paint(fold(text, sys.stderr, taken), style, sys.stderr))
        taken += len(text)
    say("".join(painted))
