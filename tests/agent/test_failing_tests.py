"""Which tests failed, and what the change has to do with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.checks.failing_tests import compare, of_others
from agent.ports import TaskSpec
from tests.agent.harness import Harness, ScriptedModel, TableSandbox
from tests.support.team_script import script

VITEST = """
 ❯ src/App.test.tsx (2 tests | 1 failed) 5ms
⎯⎯⎯⎯⎯⎯⎯ Failed Tests 1 ⎯⎯⎯⎯⎯⎯⎯
 FAIL  src/App.test.tsx > App > adds a task
AssertionError: expected 1 to be 2
 FAIL  src/broken.test.ts [ src/broken.test.ts ]
 Tests  1 failed | 1 passed (2)
"""
JEST = """PASS src/fine.spec.ts
FAIL src/sums.spec.ts
  ● sums › adds

    expect(received).toBe(expected)

FAIL src/bad.spec.ts
  ● Test suite failed to run
Tests:       1 failed, 1 passed, 2 total
"""
PEST = "   FAILED  Tests\\Feature\\NotesTest > it keeps notes   QueryException\n  Tests:    1 failed, 2 passed\n"
DOTNET = "  Failed Shop.Tests.Sums.Adds(a: 1) [12 ms]\n  Error Message:\nFailed!  - Failed:     1, Passed:     4\n"


@pytest.mark.parametrize(
    ("tail", "names"),
    [
        (VITEST, ["src/App.test.tsx > App > adds a task", "src/broken.test.ts [ src/broken.test.ts ]"]),
        (JEST, ["src/sums.spec.ts > sums > adds", "src/bad.spec.ts"]),
        (PEST, ["Tests\\Feature\\NotesTest > it keeps notes"]),
        (DOTNET, ["Shop.Tests.Sums.Adds(a: 1)"]),
        ("1) Tests\\SumTest::testAdds\n", ["Tests\\SumTest::testAdds"]),
    ],
)
def test_other_runners_name_them_too(tail: str, names: list[str]) -> None:
    assert of_others(tail) == names


def report(*failing: str, failed: int | None = None, status: str = "failed") -> dict[str, Any]:
    return {"status": status, "passed": 1, "failed": len(failing) if failed is None else failed, "failing": list(failing)}


def test_a_failing_test_that_is_gone_is_not_fixed(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_kept(): ...\n")
    before = report("test_a.py::test_kept", "test_a.py::test_dropped", "test_b.py::test_c", "test_a.py::test_new")
    found = compare(before, report("test_a.py::test_new", "test_a.py::test_more"), tmp_path)

    assert found == {
        "newly_failing": ["test_a.py::test_more"],
        "fixed": ["test_a.py::test_kept"],
        "still_failing": ["test_a.py::test_new"],
        "gone": ["test_a.py::test_dropped", "test_b.py::test_c"],
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, report("a.py")), (report(failed=2), report("a.py")), (report("a.py"), report("b.py", failed=9))],
)
def test_nothing_is_named_where_a_run_does_not_name_all(tmp_path: Path, before: Any, after: Any) -> None:
    assert not any(compare(before, after, tmp_path).values())


def test_names_of_other_runners_say_whether_their_test_is_still_there(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_sums.py").write_text("def test_kept(): ...\n")
    (tmp_path / "a.test.js").write_text('test("adds [1]", ...)\n')
    names = (
        "tests.test_sums.Sums.test_kept",
        "tests.test_sums.Sums.test_dropped",
        "Shop.Tests.Sums.Adds",
        "a.test.js > adds [1]",
    )
    found = compare(report(*names), report(status="passed"), tmp_path)

    assert found["gone"] == ["tests.test_sums.Sums.test_dropped"]
    assert len(found["fixed"]) == 3


def test_many_names_are_compared_and_too_many_are_not(tmp_path: Path) -> None:
    before, after = (report(*(f"a.py::test[{number} - x y]" for number in range(first, first + 300))) for first in (0, 1))
    assert compare(before, after, tmp_path)["newly_failing"] == ["a.py::test[300 - x y]"]
    assert not any(compare(report(*map(str, range(2_000))), after, tmp_path).values())


@pytest.mark.parametrize(
    "other", [{"source": "output"}, {"counted": False}], ids=["names from elsewhere", "a failure that was not counted"]
)
def test_what_can_t_be_compared_is_not(tmp_path: Path, other: dict[str, Any]) -> None:
    before, after = report("a.py::test_a") | {"source": "report"}, report("a.py::test_b") | {"source": "report"}
    assert compare(before, after, tmp_path)["newly_failing"] == ["a.py::test_b"]
    assert not any(compare(before, after | other, tmp_path).values())


def output(*failed: str) -> str:
    lines = "".join(f"FAILED tests/test_prices.py::{name} - assert\n" for name in failed)
    return f"=== short test summary info ===\n{lines}{len(failed)} failed, 2 passed in 0.01s\n"


async def run(repository: Path, *tests: str) -> tuple[Harness, Any]:
    code = "FILE: shop/prices.py\ndef total(prices):\n    return sum(price for price in prices if price is not None)\n"
    answers = [f"{code}\n\n# {number}\n" for number in range(3)]
    harness = Harness(
        repository,
        ScriptedModel(script(code=code, files=["shop/prices.py"], ReviseCode=answers)),
        sandbox=TableSandbox(tests=tests),
    )
    return harness, await harness.run(TaskSpec("Let total() ignore prices that are None"))


@pytest.mark.asyncio
async def test_a_change_that_breaks_one_test_and_fixes_another_is_caught(repository: Path) -> None:
    harness, outcome = await run(
        repository,
        output("test_total", "test_old"),
        output("test_new", "test_old"),
        *[output("test_new")] * 2,  # run again alone
        "1 passed in 0.1s",  # and on the code before the change
        "3 passed in 0.1s",
    )

    first, last = harness.sink.of("tests_finished")
    assert (first["newly_failing"], first["still_failing"]) == (
        ["tests/test_prices.py::test_new"],
        ["tests/test_prices.py::test_old"],
    )
    assert first["gone"] == []
    assert first["fixed"] == ["tests/test_prices.py::test_total"]
    assert harness.sink.of("revision_started")[0]["reason"] == (
        "The tests fail: tests/test_prices.py::test_new. These failed before your change, so they are not its fault: "
        "tests/test_prices.py::test_old."
    )
    assert last["status"] == "passed"
    assert last["gone"] == ["tests/test_prices.py::test_old"], "no file speaks of it any more"
    assert outcome.tests["baseline"]["failing"] == ["tests/test_prices.py::test_total", "tests/test_prices.py::test_old"]


@pytest.mark.asyncio
async def test_what_failed_before_and_still_does_is_told_and_not_blamed(repository: Path) -> None:
    harness, outcome = await run(repository, output("test_total"))

    assert outcome.tests["still_failing"] == ["tests/test_prices.py::test_total"]
    assert not harness.sink.of("revision_started")
    assert outcome.tests["proof"]["verdict"] == "proved"
    assert not outcome.draft
    asked = next(r for r in harness.model.requests if r.action == "ReviewCode").messages[-1]["content"]
    assert (
        "Before the change: failed (2 passed, 1 failed, 0 skipped). Failing as before: tests/test_prices.py::test_total."
        in asked
    )


@pytest.mark.asyncio
async def test_a_project_without_tests_has_no_baseline_to_measure(repository: Path) -> None:
    (repository / "tests/test_prices.py").unlink()
    harness, outcome = await run(repository, "3 passed in 0.1s")

    assert outcome.tests["baseline"]["status"] == "unavailable"
    assert not any("baseline" in key for key in harness.journal.steps)
