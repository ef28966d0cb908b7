"""Trying a change out: its dependencies are installed, its tests are run, both in the sandbox."""

from __future__ import annotations

from agent.ports import JSON, CommandResult
from agent.team.work import Work
from agent.testing import run_tests

TAIL = 4_000


async def install(work: Work, step: str) -> CommandResult | None:
    """Installs the dependencies as the files name them now, once per ``step``; None where there are none to install."""
    if work.stack is None:
        return None
    if step not in work.installed:
        work.installed[step] = await work.commands.step(f"install/{step}").install(work.stack.id)
    return work.installed[step]


async def measure_baseline(work: Work) -> None:
    """Runs an existing project's tests before anything is changed, so that old failures are not held against the change."""
    tests = await _tests(work, "baseline")
    work.baseline = {key: tests[key] for key in ("status", "passed", "failed", "skipped")}


async def try_out(work: Work, step: str) -> JSON:
    """The data of ``tests_finished``. A failing install counts as failing tests, an absent tool as ``unavailable``."""
    events = work.ports.events
    await events.emit("role_message", {"role": "tester", "action": "RunTests"}, "The tester runs the tests")
    tests = {**await _tests(work, step), "baseline": work.baseline}
    counted = f"{tests['passed']} passed, {tests['failed']} failed, {tests['skipped']} skipped"
    told = {"passed": counted, "failed": f"Failed: {counted}", "unavailable": f"Not tested: {tests['output_tail'][-200:]}"}
    await events.emit("tests_finished", tests, told[tests["status"]])
    return tests


def no_worse(tests: JSON) -> bool:
    """True when failing tests failed before the change too: as many as now or more."""
    before = tests["baseline"]
    return bool(
        before and before["status"] == "failed" and tests["failed"] <= before["failed"] and tests["passed"] >= before["passed"]
    )


async def _tests(work: Work, step: str) -> JSON:
    stack = work.stack
    if stack is None:
        return _without_run("unavailable", "the stack is not known, so there is no test command")
    installed = await install(work, step)
    if installed is not None and not installed.available:
        return _without_run("unavailable", f"{installed.argv[0]} is not available here.")
    if installed is not None and not installed.ok:
        why = "took too long" if installed.timed_out else f"failed with exit code {installed.exit_code}"
        return _without_run("failed", f"Installing the dependencies {why}:\n{installed.output_tail[-TAIL:]}")
    return await run_tests(stack, work.commands.step(f"test/{step}"))


def _without_run(status: str, why: str) -> JSON:
    return {"status": status, "passed": 0, "failed": 0, "skipped": 0, "baseline": None, "output_tail": why}
