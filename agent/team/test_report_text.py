"""What a report on tests says in words: to the engineer, to the reviewer, and to whoever watches the run."""

from __future__ import annotations

from collections.abc import Mapping

from agent.checks import coverage
from agent.checks.proof import cannot_run
from agent.excerpts import end_of
from agent.ports import JSONObject

SHOWN = 10
"""Names of tests in one sentence."""


def complaint(tests: JSONObject) -> str:
    """What to tell the engineer of failing tests, in a sentence or two."""
    said = f"The tests fail: {listed(tests['newly_failing'])}." if tests["newly_failing"] else "The tests fail."
    if tests["status"] == "unavailable":
        said = f"The tests ran before your change and can't run now. {tests['reason']}"
    elif tests["no_longer_run"]:
        fails = f"{said} " if tests["newly_failing"] else ""
        said = fails + " ".join(cannot_run(line, "your change") for line in tests["no_longer_run"])
    if tests["still_failing"]:
        said += f" These failed before your change, so they are not its fault: {listed(tests['still_failing'])}."
    if tests["flaky"]:
        said += f" These fail by chance, so they are not its fault either: {listed(tests['flaky'])}."
    if tests["set_aside"]:
        said += (
            f" They were run without your change to {listed(tests['set_aside'])}: that is test configuration, and the plan "
            "does not name it. Make the change without it; fixtures can go into the test module."
        )
    return said


def lint_complaint(tests: JSONObject) -> str:
    """What to tell the engineer where linters were content with a file before and are not now; "" where they are."""
    return " ".join(
        f"{entry['tool']} accepted {listed(entry['files'])} before your change and does not now:\n{entry['output_tail']}"
        for entry in tests["worse_lint"]
    )


def for_reviewer(tests: JSONObject) -> str:
    """How the tests went, before and after the change, in a few sentences."""
    parts = [f"Command: {tests['command']}."] if tests["command"] else []
    parts.append(f"{tests['status']} ({counted(tests)}).")
    if tests["reason"]:
        parts.append(tests["reason"])
    if tests["baseline"] is not None:
        parts.append(f"Before the change: {tests['baseline']['status']} ({counted(tests['baseline'])}).")
    parts += [f"{what.capitalize()}: {listed(tests[key])}." for key, what in _CHANGES.items() if tests[key]]
    if tests["not_blamed"]:
        parts.append(tests["not_blamed"])
    parts += [cannot_run(line, "the change") for line in tests["no_longer_run"]]
    if tests["collection_errors"]:
        broken = [f"{entry['path']} ({entry['error']})" for entry in tests["collection_errors"]]
        parts.append(f"Could not be loaded: {listed(broken)}.")
    if tests["new_tests"] is not None:
        found = tests["new_tests"]
        parts.append(
            f"Without the change, its own tests ({listed(found['files'])}): {found['failed']} fail, {found['passed']} pass."
        )
    if tests["imported_elsewhere"]:
        parts.append(f"Not the working tree but another copy is imported for: {listed(tests['imported_elsewhere'])}.")
    if tests["notes"]:
        parts.append(f"Of the installation is said: {' '.join(tests['notes'][:SHOWN])}")
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


def told(tests: JSONObject) -> str:
    if tests["status"] == "unavailable":
        return f"Not tested: {tests['reason'] or end_of(tests['output_tail'], 200)}"
    parts = [f"{len(tests[key])} {what}" for key, what in _CHANGES.items() if tests[key]]
    said = f"{counted(tests)} ({', '.join(parts)})" if parts else counted(tests)
    if tests["command"]:
        said = f"{tests['command']}: {said}"
    if tests["coverage"] is not None and tests["coverage"]["percent"] is not None:
        said += f"; {tests['coverage']['percent']:g} % of the changed lines covered"
    if tests["set_aside"]:
        said += f"; run without the unplanned change of test configuration ({listed(tests['set_aside'])})"
    return said if tests["status"] == "passed" else f"Failed: {said}"


_CHANGES = {
    "newly_failing": "newly failing",
    "fixed": "fixed",
    "still_failing": "failing as before",
    "flaky": "failing by chance",
    "gone": "failing before and removed",
}
