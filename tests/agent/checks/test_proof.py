"""What a run may say of a change, and whether a failure is laid to it."""

from __future__ import annotations

from typing import Any

import pytest

from agent.checks.proof import is_to_blame, proof

CLEAN = {"status": "passed", "passed": 3, "failed": 0, "skipped": 0, "failing": [], "counted": True, "source": "report"}


def ran(**other: Any) -> dict[str, Any]:
    known = {
        **CLEAN, "reason": "", "baseline": CLEAN, "newly_failing": [], "fixed": [], "still_failing": [], "gone": [],
        "set_aside": [], "flaky": [], "not_blamed": "", "new_tests": None, "worse_lint": [], "collection_errors": [],
        "absent_linters": [], "imported_elsewhere": [], "no_longer_run": [], "notes": [],
        "parts": [],
    }  # fmt: skip
    return {**known, **other}


def failing(*names: str, **other: Any) -> dict[str, Any]:
    return ran(status="failed", failed=len(names), failing=list(names), **other)


OLD_FAILURE = {"status": "failed", "passed": 3, "failed": 1, "skipped": 0, "failing": ["old"]}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "passes": (ran(), "proved"),
    "an old failure, unchanged": (failing("old", baseline=OLD_FAILURE, still_failing=["old"]), "proved"),
    "a new failure": (failing("new", newly_failing=["new"]), "not proved"),
    "nothing counted": (ran(passed=0), "not proved"),
    "not run": (ran(status="unavailable", passed=0, reason="go is not available here."), "not proved"),
    "every test fails, as before": (
        failing("old", passed=0, baseline={**OLD_FAILURE, "passed": 0}, still_failing=["old"]), "not proved",
    ),
    "its own tests pass without it": (ran(new_tests={"files": ["t"], "failed": 0, "passed": 2}), "partly proved"),
    "its own tests fail without it": (ran(new_tests={"files": ["t"], "failed": 1, "passed": 2}), "proved"),
    "judged without a part of itself": (ran(set_aside=["conftest.py"]), "partly proved"),
    "a linter is not content any more": (
        ran(worse_lint=[{"tool": "ruff", "files": ["a.py"], "output_tail": ""}]), "partly proved",
    ),
    "a linter is absent": (ran(absent_linters=["flake8"]), "partly proved"),
    "another copy is imported": (ran(imported_elsewhere=["shop"]), "not proved"),
    "a module could not be loaded": (ran(collection_errors=[{"path": "test_a.py", "error": "ImportError"}]), "partly proved"),
    "not installed, and nothing says that it is needed": (ran(notes=["Not installed: x (no versions)"]), "proved"),
    "not installed, and tests are skipped": (ran(skipped=2, notes=["Not installed: x (no versions)"]), "partly proved"),
    "not installed in a part, and a module could not be loaded": (
        ran(collection_errors=[{"path": "a.py", "error": ""}], notes=["api/: Not installed: x (no versions)"]), "partly proved",
    ),
    "another Python, and tests are skipped": (ran(skipped=2, notes=["Python 3.9 is not available here."]), "proved"),
    "one of two parts can't run any more": (
        ran(no_longer_run=[{"directory": "web", "status": "unavailable", "reason": "No script."}]), "not proved",
    ),
    "one of two parts has no tests": (
        ran(parts=[{"directory": "web", "status": "unavailable", "reason": "No script."}]), "partly proved",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_and_what_is_missing(name: str) -> None:
    data, verdict = CASES[name]
    found = proof(data, existing=True, absent_tools=False)
    assert found["verdict"] == verdict
    assert bool(found["missing"]) == (verdict != "proved")


def test_an_absent_formatter_is_missing() -> None:
    assert proof(ran(), existing=True, absent_tools=True)["verdict"] == "partly proved"


def test_a_new_project_whose_tests_fail_is_not_proved() -> None:
    data = failing("new", baseline=None)
    assert is_to_blame(data)
    assert proof(data, existing=False, absent_tools=False)["verdict"] == "not proved"


@pytest.mark.parametrize(
    ("data", "blamed"),
    [
        (ran(), False),
        (ran(no_longer_run=[{"directory": "web", "status": "unavailable", "reason": "No script."}]), True),
        (failing("new", newly_failing=["new"]), True),
        (failing("chance", flaky=["chance"]), False),
        (failing("chance", "new", flaky=["chance"], newly_failing=["new"]), True),
        (failing("old", baseline=OLD_FAILURE, still_failing=["old"]), False),
        (failing("old", "new", baseline=OLD_FAILURE, still_failing=["old"], newly_failing=["new"]), True),
        (failing("old", "chance", baseline=OLD_FAILURE, still_failing=["old"], newly_failing=[], flaky=["chance"]), False),
        (ran(status="failed", passed=0, not_blamed="It fails without the change too."), False),
        (failing("api/new", newly_failing=["api/new"], not_blamed="The tests of web/ can't run without the change."), True),
        (failing("api/chance", flaky=["api/chance"], not_blamed="The tests of web/ can't run without the change."), False),
        (ran(status="unavailable", passed=0, reason="No module named shop."), True),
        (ran(status="unavailable", passed=0, not_blamed="A service is missing, as before."), False),
        (ran(status="unavailable", passed=0, baseline={**CLEAN, "status": "unavailable", "passed": 0}), False),
        (ran(status="unavailable", passed=0, baseline=None), False),
        (ran(status="failed", failed=2, passed=1, baseline={**OLD_FAILURE, "failing": []}), True),
        (ran(status="failed", failed=1, passed=3, baseline={**OLD_FAILURE, "failing": []}), False),
    ],
)
def test_a_failure_is_laid_to_the_change_only_where_it_is_new(data: dict[str, Any], blamed: bool) -> None:
    assert is_to_blame(data) is blamed


def test_what_is_not_installed_is_named_where_nothing_ran() -> None:
    data = ran(status="unavailable", passed=0, reason="1 module could not be loaded.", notes=["Not installed: x (no versions)"])
    assert proof(data, existing=True, absent_tools=False)["missing"][1:] == ["Not installed: x (no versions)"]
