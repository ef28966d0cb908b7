"""The evaluation of whole projects: its descriptions are right, and it counts what runners print."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agent.ports import JSONObject
from evals.repositories import by_hand, comparison, trees
from evals.repositories.__main__ import USAGE, main
from evals.repositories.description import DescriptionInvalid, PlantedBug, ProjectDescription, read_all
from evals.repositories.ours import Measured, measure
from evals.repositories.reading import READINGS, Outcomes, outcomes

CODE = "def cheapest(prices):\n    return min(prices)\n"
TESTS = """import unittest
from shop import cheapest
class A(unittest.TestCase):
    def test_a(self): self.assertEqual(cheapest([2, 1]), 1)
    @unittest.skip("b")
    def test_b(self): pass
"""
PROJECT = ProjectDescription(
    "shop", "A shop", "unittest", f"'{sys.executable}' -m unittest", "unittest",
    files={"shop.py": CODE, "test_shop.py": TESTS}, bug=PlantedBug("shop.py", "min(", "max("),
)  # fmt: skip
GOOD: JSONObject = {"status": "passed", "failed": 0, "failing": []}
BAD: JSONObject = {"status": "failed", "failed": 1, "failing": ["test_shop.A.test_a"]}


PRINTED = (
    ("unittest", "\nRan 5 tests in 1s\n\nFAILED (failures=1, errors=1, skipped=1, expected failures=1)\n", (1, 2, 2)),
    ("unittest", "Ran 1 test in 0.1s\n\nOK\n", (1, 0, 0)),
    ("node", "ℹ tests 4\nℹ pass 2\nℹ fail 1\nℹ skipped 1\nℹ todo 0\n", (2, 1, 1)),
    ("node", "# pass 2\n# fail 0\n# skipped 0\n# todo 1\n", (2, 0, 1)),
    ("tape", "# tests 3\n# pass  2\n# fail  1\n", (2, 1, 0)),
    ("mocha", "  2 passing (5ms)\n  1 pending\n  1 failing\n", (2, 1, 1)),
    ("jest", "Tests:       1 failed, 1 skipped, 2 passed, 4 total\n", (2, 1, 1)),
    ("vitest", "\x1b[2m  Tests \x1b[22m 1 failed | 2 passed | 1 todo (4)\nweb test:  Tests  1 passed (1)\n", (3, 1, 1)),
    ("cargo", "test result: ok. 1 passed; 0 failed; 1 ignored;\ntest result: FAILED. 2 passed; 1 failed; 0 ignored", (3, 1, 1)),
    ("go", "--- PASS: A (0.00s)\n    --- PASS: A/b (0.00s)\n--- FAIL: B (0.00s)\n--- SKIP: C (0s)\n", (1, 1, 1)),
    ("maven", "Tests run: 2, Failures: 0, Errors: 0, Skipped: 1, Time elapsed: 1 s\n"
              "[WARNING] Tests run: 2, Failures: 0, Errors: 0, Skipped: 1\n", (1, 0, 1)),
    ("none", "5 passed", (0, 0, 0)),
)  # fmt: skip


@pytest.mark.parametrize(("reading", "output", "wanted"), PRINTED)
def test_what_runners_print_is_counted(reading: str, output: str, wanted: tuple[int, int, int], tmp_path: Path) -> None:
    assert outcomes(reading, output, tmp_path) == Outcomes(*wanted)


def test_junit_files_are_added(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.xml").write_text(
            "<testsuites><testsuite><testcase/><testcase><failure/></testcase><testcase><error/></testcase>"
            "<testcase><skipped/></testcase></testsuite></testsuites>"
        )
    assert outcomes("junit", "", tmp_path) == Outcomes(2, 4, 2)


def test_each_description_can_be_read_and_is_whole() -> None:
    projects = read_all([])
    assert len(projects) >= 24
    for project in projects:
        assert project.reading in READINGS or project.reading == "junit", project.name
        assert bool(project.test) == bool(project.runner) == (project.bug is not None), project.name
        assert bool(project.registry) == bool(project.version), project.name
        assert project.registry or project.files, project.name
        if project.bug is not None and not project.registry:
            assert project.files[project.bug.path].count(project.bug.old) == 1, project.name


def test_an_unknown_project_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-project"]) == USAGE
    assert "There is no project called no-such-project" in capsys.readouterr().err


def test_a_wrong_description_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("title = 1\n")
    with pytest.raises(DescriptionInvalid, match=r"a\.toml is not a description"):
        read_all([], tmp_path)


def judged(tmp_path: Path, before: Measured, after: Measured) -> comparison.Comparison:
    answers = iter((before, after))
    return comparison.compare(PROJECT, tmp_path, lambda root: next(answers))


@pytest.mark.parametrize(
    ("before", "after", "verdict", "why"),
    [
        (Measured(Outcomes(1, 0, 1), "", "unittest", GOOD), Measured(Outcomes(0, 1, 1), "", "unittest", BAD), "right", ""),
        (Measured(Outcomes(2, 0, 0), "", "unittest"), Measured(None), "wrong", "by hand 1 passed, 0 failed, 1 skipped, told 2"),
        (Measured(Outcomes(1, 0, 1), "", "pytest"), Measured(None), "wrong", "the runner is unittest, and pytest was told"),
        (
            Measured(Outcomes(1, 0, 1), "", "unittest", GOOD),
            Measured(Outcomes(1, 0, 1), report=GOOD),
            "wrong",
            "the planted bug is not told",
        ),
        (Measured(None, "There are no tests."), Measured(None), "absent", "There are no tests."),
        (Measured(None), Measured(None), "wrong", "nothing counted, no reason"),
    ],
)
def test_what_is_told_is_compared_with_what_is_so_by_hand(
    tmp_path: Path, before: Measured, after: Measured, verdict: str, why: str
) -> None:
    result = judged(tmp_path, before, after)
    assert result.verdict == verdict
    assert result.why.startswith(why)


def test_the_product_tells_what_the_command_gives_and_names_the_bug(tmp_path: Path) -> None:
    result = comparison.compare(PROJECT, tmp_path, measure)
    assert (result.verdict, result.why, result.ours) == ("right", "", Outcomes(1, 0, 1))
    assert all(result.seconds)


def test_what_has_no_tests_is_told_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("A project.\n")
    told = measure(tmp_path)
    assert told.outcomes is None
    assert told.reason


def test_by_hand_alone_the_bug_has_to_fail(tmp_path: Path) -> None:
    result = comparison.compare(PROJECT, tmp_path, None)
    assert (result.verdict, result.hand, result.with_bug) == ("by hand", Outcomes(1, 0, 1), Outcomes(0, 1, 1))


def test_a_bug_that_is_not_there_and_a_setup_that_fails_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("b")
    with pytest.raises(trees.TreeNotMade, match=r"a\.py has 0 times"):
        trees.plant(tmp_path, PlantedBug("a.py", "c", "d"))
    broken = ProjectDescription("shop", "", "", "", "none", setup=("echo no; false",))
    with pytest.raises(by_hand.HandFailed, match="shop: `echo no; false` failed: no"):
        by_hand.set_up(broken, tmp_path, tmp_path / "environment")
