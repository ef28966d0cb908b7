"""Watches a run until it ends or needs a person: timeline, question about the plan, and exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgx_cli import run_state
from mgx_cli.api import Api
from mgx_cli.errors import ApiError, CLIError, ExitCode, InterruptedByUser
from mgx_cli.ids import short
from mgx_cli.output import fold, one_line, paint, put, put_ndjson, report, say
from mgx_cli.render import Line, error_lines, result_lines
from mgx_cli.watching import frames

if TYPE_CHECKING:
    from mgx_cli.timeline import Timeline


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
        closing(frames(api, run, after=after, on_trouble=timeline.trouble)) as found,
    ):
        timeline.state(run_state.label(run))
        for event, now in found:
            if event is not None:
                timeline.show(event)
            if now is None or (run_state.asks_for(now, "approve") and _can_ask() and _decide(api, now, timeline)):
                continue
            return now
    raise AssertionError("a stream of events does not end by itself")


def _watch_json(api: Api, run: Mapping[str, Any], after: int) -> dict[str, Any]:
    with closing(frames(api, run, after=after, on_trouble=_trouble)) as found:
        for event, now in found:
            if event is not None:
                put_ndjson(event)
            if now is not None:
                return now
    raise AssertionError("a stream of events does not end by itself")


def stream_lines(api: Api, run: Mapping[str, Any]) -> ExitCode:
    """Prints the events of a run as NDJSON until it ends, or waits for a person: what for is said on stderr."""
    with closing(frames(api, run, after=0, on_trouble=_trouble)) as found:
        for event, now in found:
            if event is not None:
                put_ndjson(event)
            if now is not None and run_state.is_final(now):
                return ExitCode.DONE
            if now is not None:
                say(waiting_line(now), "yellow")
                return run_state.exit_code(now) or ExitCode.WAITING
    raise AssertionError("a stream of events does not end by itself")


def tell_wait(api: Api, run: Mapping[str, Any]) -> ExitCode:
    """Says what the run waits for by now. Returns the exit code."""
    now = api.get(f"/api/runs/{run['id']}")
    if not run_state.waits_for_person(now):
        return ExitCode.DONE
    say(waiting_line(now), "yellow")
    return run_state.exit_code(now) or ExitCode.WAITING


def waiting_line(run: Mapping[str, Any]) -> str:
    """What a run that stands still waits for, and the command that lets it go on."""
    commands = run_state.next_commands(run, short(run["id"]))
    why = one_line((run.get("error") or {}).get("detail") or "", 300)
    reason = f" ({why})" if why and run_state.is_in_trouble(run) else ""
    then = f" To go on: {commands[0]}" if commands else ""
    return f"Run #{run.get('run_number')} is {run_state.label(run)}{reason} and waits for a person.{then}"


def _trouble(text: str) -> None:
    say(text, "yellow")


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _decide(api: Api, run: Mapping[str, Any], timeline: Timeline) -> bool:
    """Asks about the plan and sends the answer. Returns False if the person leaves it undecided.

    If somebody else was first, the events that come next say what stands.
    """
    ask = timeline.ask
    body: dict[str, Any] | None = None
    while body is None:
        try:
            answer = ask("Approve? [y]es / [n]o / [e]dit / [f]eedback / [d]etach").lower()
            if answer in ("y", "yes"):
                body = {"approved": True}
            elif answer in ("n", "no"):
                body = {"approved": False}
            elif answer in ("f", "feedback"):
                feedback = ask("What should change?")
                body = {"approved": False, "feedback": feedback} if feedback else None
            elif answer in ("e", "edit"):
                with timeline.paused():
                    run = _edit(api, run)
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
    return True


def _edit(api: Api, run: Mapping[str, Any]) -> Mapping[str, Any]:
    """The run with the plan as the person left it. What is wrong with it is said; the question is asked again."""
    from mgx_cli.plan_editing import edited
    from mgx_cli.render import plan_lines

    try:
        changed = edited(api, dict(run))
    except CLIError as error:
        report(error)
        return run
    if changed.get("plan_version") != run.get("plan_version"):
        for line in plan_lines(changed["plan"], changed.get("plan_version")):
            _say_line(line)
    return changed


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
