"""What a machine can say for a change: proved, partly proved or not proved, and what is missing.

Proved: tests ran and were counted, none fails because of the change, what the change's own tests show fails without it, and the
project's linters are as content as before. What could not be found out is missing; what speaks against the change is too.
"""

from __future__ import annotations

from typing import Literal

from agent.checks.failing_tests import comparable
from agent.checks.install_notes import absent
from agent.ports import JSONObject
from agent.projects.shown import shown

MAX_MISSING = 20
MAX_SENTENCE = 500
"""Characters."""
Verdict = Literal["proved", "partly proved", "not proved"]


def is_to_blame(tests: JSONObject) -> bool:
    """Whether tests fail that did not fail before the change, or can't run any more that did. Where the runner names no tests,
    their numbers decide. What was not measured before, or fails by chance, is not held against the change. What can't run
    without the change either (``not_blamed``) excuses its own part of the repository, not what newly fails in another; a part
    that ran before and can't now (``no_longer_run``) is held against it whatever the others say."""
    if tests.get("no_longer_run"):
        return True
    if tests["status"] == "passed":
        return False
    before, flaky = tests["baseline"], set(tests["flaky"])
    if tests["not_blamed"]:
        more = before is not None and tests["failed"] - len(flaky) > before["failed"]
        return bool(more or set(tests["newly_failing"]) - flaky)
    if tests["status"] == "unavailable":
        return before is not None and before["status"] != "unavailable"
    if before is None or before["status"] != "failed":
        return not flaky or bool(set(tests["failing"]) - flaky) or len(flaky) < tests["failed"]
    if comparable(before, tests):
        return bool(set(tests["newly_failing"]) - flaky)
    return bool(tests["failed"] > before["failed"] or tests["passed"] < before["passed"])


def proof(tests: JSONObject, *, existing: bool, absent_tools: bool) -> JSONObject:
    """``{verdict, missing, draft}`` of the data of ``tests_finished``; ``existing`` is a project that was there before the
    change. ``draft``: the change should not be merged before a person has looked at what is missing."""
    missing: list[str] = []
    ran = tests["status"] != "unavailable" and tests["passed"] + tests["failed"] > 0
    if not ran:
        missing.append(f"The tests did not run: {tests['reason'] or 'nothing was counted.'}")
        missing += absent(tests.get("notes", ()))
    elif tests["imported_elsewhere"]:
        names = ", ".join(tests["imported_elsewhere"][:3])
        missing.append(f"The tests import {names} from elsewhere than the working tree, so they say nothing about the change.")
    elif tests.get("no_longer_run"):
        missing += [cannot_run(line, "the change") for line in tests["no_longer_run"]]
    elif is_to_blame(tests):
        missing.append("Tests fail that did not fail before the change.")
    elif tests["status"] == "failed" and not existing:
        missing.append("Tests fail.")
    elif tests["status"] == "failed" and tests["passed"] == 0:
        missing.append("Every test fails, as before the change, so they show nothing.")
    if missing:
        return {"verdict": "not proved", "missing": _shown(missing), "draft": True}
    grave, told = _doubts(tests, existing, absent_tools), _told(tests)
    verdict: Verdict = "partly proved" if grave or told else "proved"
    return {"verdict": verdict, "missing": _shown([*grave, *told]), "draft": bool(grave)}


def cannot_run(line: JSONObject, what: str) -> str:
    """Of a part that ran before ``what``, an entry of ``no_longer_run``."""
    place = line["directory"] or "the top directory"
    return f"The tests of {place} ran before {what} and can't run now. {line['reason']}".rstrip()


def _shown(missing: list[str]) -> list[str]:
    """For pull requests and the CLI: reasons may quote what tests print, and a repository may have many parts."""
    more = len(missing) - MAX_MISSING
    return [shown(said, MAX_SENTENCE) for said in missing[:MAX_MISSING]] + ([f"And {more} more."] if more > 0 else [])


def _doubts(tests: JSONObject, existing: bool, absent_tools: bool) -> list[str]:
    """What a person has to look at."""
    found = []
    if tests["set_aside"]:
        found.append("The tests were run without the change's own test configuration.")
    if absent_tools:
        found.append("A formatter that the project counts on is not available here.")
    if existing and tests["status"] == "failed" and tests["baseline"] is not None and not comparable(tests["baseline"], tests):
        found.append("The runner does not name each failing test, so only their numbers were compared.")
    if tests["worse_lint"]:
        found.append(f"No longer accepted by {', '.join(entry['tool'] for entry in tests['worse_lint'])}.")
    silent = [part for part in tests["parts"] if part["status"] == "unavailable"]
    return found + [f"{part['directory'] or 'the top directory'} was not tested: {part['reason']}" for part in silent]


def _told(tests: JSONObject) -> list[str]:
    """What is true of many right changes too: tests of a refactoring pass without it, a driver is missing here as before."""
    found = []
    if tests["collection_errors"]:
        paths = [broken["path"] for broken in tests["collection_errors"]]
        found.append(f"Tests could not be loaded: {', '.join(paths[:3])}{' …' if len(paths) > 3 else ''}.")
    if tests["skipped"] or tests["collection_errors"]:  # for the lack of it, as far as anybody can tell
        found += absent(tests.get("notes", ()))
    if tests["absent_linters"]:
        found.append(f"Not looked at, for it is not available here: {', '.join(tests['absent_linters'])}.")
    if tests["new_tests"] is not None and not tests["new_tests"]["failed"]:
        found.append("The change's own tests pass without it too.")
    return found
