"""The errors of mgx and their exit codes (CONTRACT: CLI).

CLIError
├── UsageError     2   the command, its input or the directory is not right
├── NoAccess       5   not found, or not allowed
├── Unreachable    6   no server answers
├── NotInState     8   the run is not in a state for this
├── ApiError       …   the server refused: a problem document (RFC 9457)
└── InterruptedByUser 130  the person pressed Ctrl-C
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from http import HTTPStatus
from typing import Any


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    STOPPED = 3
    """Rejected or cancelled."""
    WAITING = 4
    NO_ACCESS = 5
    UNREACHABLE = 6
    BUDGET = 7
    STATE = 8
    """The run, its plan or its changes are not in a state for this."""
    INTERRUPTED = 130


class CLIError(Exception):
    """The base class. ``detail`` says what was wrong and where, ``hint`` what to do next."""

    exit_code = ExitCode.FAILED

    def __init__(self, detail: str, *, hint: str = "", exit_code: ExitCode | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code

    def to_json(self) -> dict[str, Any]:
        return {"detail": self.detail, "hint": self.hint, "exit_code": int(self.exit_code)}


class UsageError(CLIError):
    exit_code = ExitCode.USAGE


class NoAccess(CLIError):
    exit_code = ExitCode.NO_ACCESS


class Unreachable(CLIError):
    exit_code = ExitCode.UNREACHABLE


class NotInState(CLIError):
    exit_code = ExitCode.STATE


class InterruptedByUser(CLIError):
    exit_code = ExitCode.INTERRUPTED


_EXIT_BY_STATUS = {
    400: ExitCode.USAGE,
    401: ExitCode.NO_ACCESS,
    402: ExitCode.BUDGET,
    403: ExitCode.NO_ACCESS,
    404: ExitCode.NO_ACCESS,
    413: ExitCode.USAGE,
    422: ExitCode.USAGE,
    502: ExitCode.UNREACHABLE,
    503: ExitCode.UNREACHABLE,
    504: ExitCode.UNREACHABLE,
}


_NOT_IN_STATE = frozenset(
    {"invalid_transition", "no_branch", "no_changes", "no_diff", "pull_request_closed", "pull_request_merged", "stale_changes",
     "stale_plan"}
)  # fmt: skip
"""Codes of refusals that may end when the run goes on."""


def _phrase(status: int) -> str:
    """What HTTP itself calls the status: "Conflict" says nothing to a person that the sentence behind it does not."""
    return next((each.phrase for each in HTTPStatus if each == status), "")


class ApiError(CLIError):
    """An error response of the server; ``problem`` is its problem document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        title = str(problem.get("title") or f"HTTP {status}")
        detail = str(problem.get("detail") or "")
        says_more = detail and title not in (detail, _phrase(status))
        super().__init__(f"{title}: {detail}" if says_more else detail or title, hint=str(problem.get("hint") or ""))
        self.status = status
        self.problem = dict(problem)
        self.exit_code = _EXIT_BY_STATUS.get(status, ExitCode.FAILED)
        if problem.get("code") == "budget_exceeded":
            self.exit_code = ExitCode.BUDGET
        if problem.get("code") in _NOT_IN_STATE:
            self.exit_code = ExitCode.STATE
        if status == 401 and not self.hint:
            self.hint = "Sign in with: mgx login"

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """The invalid inputs, with a message for each."""
        rows = self.problem.get("errors")
        if not isinstance(rows, list):
            return ()
        return [(str(row.get("field", "")), str(row.get("message", ""))) for row in rows if isinstance(row, Mapping)]

    def to_json(self) -> dict[str, Any]:
        return {**self.problem, "status": self.status, "detail": self.detail, "exit_code": int(self.exit_code)}
