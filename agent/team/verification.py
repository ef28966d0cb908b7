"""Verifies a change: installs its dependencies and runs its tests, both in the sandbox, and compares the result with the test
run before the change."""

from __future__ import annotations

from collections.abc import Mapping

from agent import stacks
from agent.checks import coverage, failing_tests
from agent.checks.commands import Commands
from agent.checks.test_runner import NONE, not_run, run_tests
from agent.ports import CommandResult, JSONObject, Ports
from agent.stacks import Stack
from agent.stacks.globs import matches
from agent.team.phase_context import PhaseContext

TAIL = 4_000
BEFORE = ("status", "passed", "failed", "skipped", "failing")
_NO_STACK = "The stack is not known, so there is no test command."
SHOWN = 10
"""Names of tests in one sentence."""


async def install(work: PhaseContext, step: str) -> CommandResult | None:
    """Installs the dependencies as the files name them now, once per ``step``; None where there are none to install."""
    if work.stack is None:
        return None
    if step not in work.installed:
        work.installed[step] = await work.commands.step(f"install/{step}").install(work.stack.id)
    return work.installed[step]


async def measure_baseline(work: PhaseContext) -> None:
    """Runs an existing project's tests before anything is changed, so that old failures are not held against the change. A
    project without a file that its stack's runner would take for tests has nothing to run."""
    globs = work.stack.test_files if work.stack else ()
    if globs and not any(matches(glob, path) for path in work.view.files for glob in globs):
        tests = not_run("unavailable", NONE)
    else:
        tests = await _tests(work, "baseline")
    work.baseline = {key: tests[key] for key in BEFORE}


async def try_out(work: PhaseContext, step: str, changed: coverage.Lines) -> JSONObject:
    """The data of ``tests_finished``. A failing install counts as failing tests, an absent tool as ``unavailable``. Where no
    test fails because of the change, the coverage of the lines ``changed`` (by path) is measured too."""
    events = work.ports.events
    await events.emit("role_message", {"role": "tester", "action": "RunTests"}, "The tester runs the tests")
    ran = await _tests(work, step)
    tests = {**ran, "baseline": work.baseline, **failing_tests.compare(work.baseline, ran, work.root), "coverage": None}
    tests["set_aside"] = work.aside.paths
    to_blame = is_to_blame(tests)
    if tests["passed"] and not to_blame and work.stack is not None:
        sandbox = work.commands.step(f"coverage/{step}", work.aside)
        tests["coverage"] = await coverage.measure(work.stack, changed, sandbox, took=ran["seconds"])
    await events.emit("tests_finished", tests, _told(tests))
    if to_blame:
        work.loops.record_test_run(work.stack.test if work.stack else (), 1, tests["output_tail"])
    return tests


def is_to_blame(tests: JSONObject) -> bool:
    """Whether tests fail that did not fail before the change. Where the runner names no tests, their numbers decide."""
    if tests["status"] != "failed":
        return False
    before = tests["baseline"]
    if before is None or before["status"] != "failed":
        return True
    if failing_tests.comparable(before, tests):
        return bool(tests["newly_failing"])
    return bool(tests["failed"] > before["failed"] or tests["passed"] < before["passed"])


def complaint(tests: JSONObject) -> str:
    """What to tell the engineer of failing tests, in a sentence or two."""
    said = f"The tests fail: {listed(tests['newly_failing'])}." if tests["newly_failing"] else "The tests fail."
    if tests["still_failing"]:
        said += f" These failed before your change, so they are not its fault: {listed(tests['still_failing'])}."
    if tests["set_aside"]:
        said += (
            f" They were run without your change to {listed(tests['set_aside'])}: that is test configuration, and the plan "
            "does not name it. Make the change without it; fixtures can go into the test module."
        )
    return said


def for_reviewer(tests: JSONObject) -> str:
    """How the tests went, before and after the change, in a few sentences."""
    parts = [f"{tests['status']} ({counted(tests)})."]
    if tests["baseline"] is not None:
        parts.append(f"Before the change: {tests['baseline']['status']} ({counted(tests['baseline'])}).")
    parts += [f"{what.capitalize()}: {listed(tests[key])}." for key, what in _CHANGES.items() if tests[key]]
    if tests["set_aside"]:
        parts.append(
            f"The change also alters how tests are run, which the plan does not name: {listed(tests['set_aside'])}. The tests "
            "were run without that; say whether it belongs to the task."
        )
    if tests["coverage"] is not None:
        parts.append(coverage.told(tests["coverage"]))
    return " ".join(parts)


def listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def counted(tests: Mapping[str, object]) -> str:
    return f"{tests['passed']} passed, {tests['failed']} failed, {tests['skipped']} skipped"


def _told(tests: JSONObject) -> str:
    if tests["status"] == "unavailable":
        return f"Not tested: {tests['reason'] or tests['output_tail'][-200:]}"
    parts = [f"{len(tests[key])} {what}" for key, what in _CHANGES.items() if tests[key]]
    said = f"{counted(tests)} ({', '.join(parts)})" if parts else counted(tests)
    if tests["coverage"] is not None and tests["coverage"]["percent"] is not None:
        said += f"; {tests['coverage']['percent']:g} % of the changed lines covered"
    if tests["set_aside"]:
        said += f"; run without the unplanned change of test configuration ({listed(tests['set_aside'])})"
    return said if tests["status"] == "passed" else f"Failed: {said}"


_CHANGES = {
    "newly_failing": "newly failing",
    "fixed": "fixed",
    "still_failing": "failing as before",
    "gone": "failing before and removed",
}


async def try_again(stack: str, ports: Ports, key: str) -> JSONObject:
    """What `run_tests` says of a workdir that changed without the team; ``key`` is the prefix of the journal's steps."""
    if not stack:
        return not_run("unavailable", _NO_STACK)
    commands = Commands(ports, key)
    return await _proved(stacks.get(stack), await commands.step("install").install(stack), commands.step("test"))


async def _tests(work: PhaseContext, step: str) -> JSONObject:
    if work.stack is None:
        return not_run("unavailable", _NO_STACK)
    return await _proved(work.stack, await install(work, step), work.commands.step(f"test/{step}", work.aside))


async def _proved(stack: Stack, installed: CommandResult | None, commands: Commands) -> JSONObject:
    if installed is not None and not installed.available:
        return not_run("unavailable", f"{installed.argv[0]} is not available here.")
    if installed is not None and not installed.ok:
        why = "took too long" if installed.timed_out else f"failed with exit code {installed.exit_code}"
        reason = f"Installing the dependencies {why}."
        return not_run("failed", reason, f"{reason[:-1]}:\n{installed.output_tail[-TAIL:]}")
    return await run_tests(stack, commands)
