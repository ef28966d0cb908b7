"""Commands in the sandbox, and the tests among them."""

from __future__ import annotations

from typing import Literal

from workspaces.event_registry import EventData, register


@register("command_started")
class CommandStarted(EventData):
    argv: list[str]


@register("command_finished")
class CommandFinished(EventData):
    argv: list[str]
    exit_code: int
    duration_ms: int
    output_tail: str
    timed_out: bool = False
    available: bool = True


class TestCounts(EventData):
    """``failing`` names the tests that failed, as far as their runner does (at most 1,000). ``counted``: whether the runner
    said how many there were; ``source`` is where the numbers come from: its report, or its output."""

    status: Literal["passed", "failed", "unavailable"]
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failing: list[str] = []
    counted: bool = True
    source: str = ""


class FileCoverage(EventData):
    """``uncovered`` holds ranges of lines [first, last]."""

    path: str
    percent: float | None = None
    uncovered: list[list[int]] = []


class LineCoverage(EventData):
    """How many of the changed lines the tests execute. ``percent`` None: not measured, and ``reason`` says why."""

    percent: float | None = None
    covered: int = 0
    lines: int = 0
    files: list[FileCoverage] = []
    reason: str = ""


class PartTests(EventData):
    """How the tests of one part of the repository went, where it has several."""

    directory: str
    command: str = ""
    status: Literal["passed", "failed", "unavailable"]
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reason: str = ""


class BrokenModule(EventData):
    """A module of tests that its runner could not load, and the line that says why."""

    path: str
    error: str = ""


class NewTests(EventData):
    """How the tests in ``files``, which the change brings, go on the code before it."""

    files: list[str] = []
    failed: int = 0
    passed: int = 0


class WorseLint(EventData):
    """Files that a linter or formatter of the project accepted before the change and does not accept now."""

    tool: str
    files: list[str] = []
    output_tail: str = ""


@register("tests_finished")
class TestsFinished(TestCounts):
    """``baseline`` is how the tests went before the change. The four lists name tests by comparison with it; ``gone`` are
    failing ones that the change took away. ``set_aside`` are files of the change that decide how tests are run: the plan does
    not name them, so the tests were run with what was there before. ``command`` is what was run; ``errors`` are those of
    ``failed`` that failed outside of a test, ``collection_errors`` what could not be loaded. ``flaky`` are tests that failed
    and, run again alone, did not, or that fail without the change as well. ``not_blamed`` says why a failure is not laid to
    the change. ``absent_linters`` are tools that files of the change needed and that are not here; of the modules
    ``imported_elsewhere`` the tests import another copy than the working tree's. ``no_longer_run`` are parts whose tests ran
    before the change and can't run with it. ``notes`` are sentences of the install steps: what was not installed, or not as
    the project asks for it."""

    baseline: TestCounts | None = None
    newly_failing: list[str] = []
    fixed: list[str] = []
    still_failing: list[str] = []
    gone: list[str] = []
    coverage: LineCoverage | None = None
    set_aside: list[str] = []
    command: str = ""
    parts: list[PartTests] = []
    errors: int = 0
    collection_errors: list[BrokenModule] = []
    flaky: list[str] = []
    not_blamed: str = ""
    new_tests: NewTests | None = None
    worse_lint: list[WorseLint] = []
    absent_linters: list[str] = []
    imported_elsewhere: list[str] = []
    no_longer_run: list[PartTests] = []
    notes: list[str] = []
    seconds: float = 0.0
    output_tail: str = ""
    reason: str = ""
