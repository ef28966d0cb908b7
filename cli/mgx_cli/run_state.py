"""The meaning of a run's state, which the server sends with each run, so a new state needs no new CLI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgx_cli.errors import CLIError, ExitCode

Answer = Mapping[str, Any]

_STYLES = {"good": "green", "bad": "red", "warn": "yellow"}
"""Styles by tone."""
_ENDS = {"succeeded": ExitCode.DONE, "failed": ExitCode.FAILED, "stopped": ExitCode.STOPPED}
"""Exit codes by outcome."""
_PAUSES = {"budget": ExitCode.BUDGET, "question": ExitCode.WAITING}
"""Exit codes by the reason of a pause; any other reason is a failure."""
GO_ON = frozenset({"storage"})
"""Reasons of pauses that end without a person, when the server has again what it lacks."""
_COMMANDS = {
    "reject": ('mgx reject {} -m "what should change"',),
    "continue": ('mgx continue {} -m "what should change"',),
    "changes": ("mgx changes {}", "mgx changes {} --accept-all"),
}
"""Commands by action, for actions that need more than the command of the same name."""


def state_of(answer: Answer) -> Answer:
    """The field ``state`` of a run, or of its changes. Raises CLIError if the server sends none."""
    state = answer.get("state")
    if not isinstance(state, Mapping):
        raise CLIError(
            "The server does not say what the state of a run means: it is older than this mgx.",
            hint="Update the server, or install the mgx that came with it. See: mgx version",
        )
    return state


def label(answer: Answer) -> str:
    return str(state_of(answer)["label"]).lower()


def style(answer: Answer) -> str:
    return _STYLES.get(str(state_of(answer)["tone"]), "")


def is_final(answer: Answer) -> bool:
    return bool(state_of(answer)["final"])


def waits_for_person(answer: Answer) -> bool:
    return bool(state_of(answer)["waits_for_person"]) and not goes_on_by_itself(answer)


def goes_on_by_itself(answer: Answer) -> bool:
    """Whether it is paused for something that is not a person's to do. One may resume it all the same."""
    return asks_for(answer, "resume") and answer.get("pause_reason") in GO_ON


def asks_for(answer: Answer, action: str) -> bool:
    """Whether ``action`` is one of those that continue the run."""
    return action in state_of(answer)["next_actions"]


def has_succeeded(answer: Answer) -> bool:
    return bool(state_of(answer)["outcome"] == "succeeded")


def is_in_trouble(answer: Answer) -> bool:
    """Whether it failed, or paused until a person resumes it: there is an error to show."""
    return bool(state_of(answer)["outcome"] == "failed") or asks_for(answer, "resume")


def next_commands(run: Answer, name: str) -> list[str]:
    """The commands with which a person continues the run ``name``, the usual one first."""
    if asks_for(run, "resume") and run.get("pause_reason") == "question":
        return [f'mgx resume {name} -m "your answer"']
    if asks_for(run, "resume") and run.get("pause_reason") == "version":
        return [f"mgx resume {name} --plan-again"]
    actions = state_of(run)["next_actions"]
    return [line.format(name) for action in actions for line in _COMMANDS.get(action, (f"mgx {action} {{}}",))]


def exit_code(run: Answer) -> ExitCode | None:
    """The exit code of a command that waited for this run; None while the run is active."""
    outcome = state_of(run)["outcome"]
    if outcome == "failed" and (run.get("error") or {}).get("code") == "budget_exceeded":
        return ExitCode.BUDGET
    if is_final(run):
        return _ENDS.get(outcome, ExitCode.FAILED)
    if not waits_for_person(run):
        return None
    return _PAUSES.get(str(run.get("pause_reason")), ExitCode.FAILED) if asks_for(run, "resume") else ExitCode.WAITING
