"""A test's name is whole whatever stands in it: one that newly fails must never have the name of one that failed before."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.checks.failing_tests import compare, of_others
from agent.checks.reports import closing_lines, junit, node_events, output_names, rspec, trx, unittest_output
from agent.checks.reports.javascript import read as read_javascript
from agent.checks.reports.model import MAX_NAME, SuiteReport, Tally, short
from agent.checks.reports.pytest_report import names
from agent.checks.reports.pytest_report import read as read_pytest
from agent.checks.reports.reruns import distinct, rerun
from agent.checks.reports.tap import points

SUMMARY = "=========== short test summary info ============\n"
IDS = (
    "tests/test_a.py::test_x[a - b]",
    "tests/test_a.py::test_x[a - c]",
    "tests/test_a.py::test_x[[ - b]",
    "tests/test_a.py::test_x[[ - c]",
    "tests/test_a.py::test_x[a] - b]",
    "tests/test_a.py::test_x[a] - c]",
    "tests/test_a.py::TestX::test_x[ - ]",
    "tests/test_a.py::test_x[a :: b - c]",
    "tests/my - own/test_a.py::test_x",
    "tests/my - own/test_b.py::test_x[[1] - [2]]",
    "tests/shop.feature::login - works",
    "tests/test_broken.py",
)
MESSAGES = (
    "assert [1] - [2] == [3]",
    "AssertionError: a - b",
    "ValueError",
    "shop.errors.Empty",
    "Failed: x - y [z]",
    "KeyError: ...",
)


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("name", IDS)
def test_pytest_names_are_whole_before_any_message(name: str, message: str) -> None:
    assert list(names(f"{SUMMARY}FAILED {name} - {message}\n")) == [name]


PLAIN = ("tests/test_a.py::test_x[a - b]", "tests/test_a.py::TestX::test_x[ - ]", "tests/test_a.py::test_x[a :: b - c]",
         "tests/my - own/test_a.py::test_x", "tests/my - own/test_b.py::test_x[[1] - [2]]", "tests/test_broken.py",
         "tests/my - own/test_broken.py", "my - docs/README.md::README.md")  # fmt: skip
NO_KNOWN_FORM = ("no luck here", "no - luck", "[b]", "it is [a] - [b]", "std::bad - alloc", "1 - 2.py", "x.py")


@pytest.mark.parametrize("message", NO_KNOWN_FORM)
@pytest.mark.parametrize("name", PLAIN)
def test_pytest_names_are_whole_before_a_message_of_no_known_form(name: str, message: str) -> None:
    assert list(names(f"{SUMMARY}FAILED {name} - {message}\n")) == [name]


@pytest.mark.parametrize("line", ["a.py::x[[ - b] - no", "a.py::x[a] - b] - no", "a.py::x[a - b] - not [c", "a.py::x[[] - x"])
def test_where_brackets_do_not_match_a_name_is_not_halved(line: str) -> None:
    """Of two such tests, one that failed before and one that newly fails, each keeps its own name."""
    other = line.replace("b]", "d]").replace("[[]", "[[[]")
    assert list(names(f"{SUMMARY}FAILED {line}\nFAILED {other}\n")) == [line, other]


def test_pytest_names_without_a_message_are_whole() -> None:
    told = "".join(f"FAILED {name}\n" for name in IDS if "[" in name)
    assert list(names(SUMMARY + told)) == [name for name in IDS if "[" in name]


def test_a_parameter_that_newly_fails_did_not_fail_before(tmp_path: Path) -> None:
    def run(*failing: str) -> dict[str, object]:
        lines = "".join(f"FAILED {name} - AssertionError: no\n" for name in failing)
        tally = read_pytest(f"{SUMMARY}{lines}=== {len(failing)} failed, 1 passed in 0.1s ===\n", {}, one=True)
        assert tally is not None
        return {"status": "failed", "passed": 1, "failed": tally.failed, "failing": tally.failing}

    for before, after in zip(IDS[0:6:2], IDS[1:6:2], strict=True):
        assert compare(run(before), run(after), tmp_path)["newly_failing"] == [after]
        assert compare(run(before), run(before, after), tmp_path)["newly_failing"] == [after]


def test_whether_a_test_is_there_does_not_depend_on_its_parameters(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_x(x): ...\n")
    before = {"status": "failed", "passed": 0, "failed": 2, "failing": ["test_a.py::test_x[a::b]", "test_a.py::test_x[a > b]"]}
    after = {"status": "passed", "passed": 2, "failed": 0, "failing": []}
    assert len(compare(before, after, tmp_path)["fixed"]) == 2


def test_long_names_and_line_ends_are_told_apart() -> None:
    one, other = ("tests/test_a.py::test_x[" + "a" * 300 + letter + "b" * 300 + "]" for letter in "xy")
    assert short(one) != short(other)
    assert {len(short(one)), len(short(other))} == {MAX_NAME}
    assert len({short("a\nb"), short("a\tb"), short("a b"), short("a\r\nb")}) == 4
    vitest = "".join(f" FAIL  a.test.ts > {'long ' * 80}{number}\n" for number in range(3))
    assert len(set(of_others(vitest))) == 3


def test_pytest_runs_the_same_parameter_again() -> None:
    argv = ("pytest", "-q")
    assert rerun("pytest", argv, ["a.py::test_x[a] (b)]", "a.py::test_y[c] (i=1)", "a.py::test_z [msg] (i=2)"]) == (
        "pytest", "-q", "a.py::test_x[a] (b)]", "a.py::test_y[c]", "a.py::test_z",
    )  # fmt: skip


def test_names_of_go_have_their_package_and_their_subtests() -> None:
    def run(package: str, test: str) -> list[str]:
        output = (
            f"--- FAIL: TestTable (0.00s)\n    --- FAIL: {test} (0.00s)\n        a_test.go:9: no\nFAIL\nFAIL\t{package}\t0.1s\n"
        )
        tally = closing_lines.go(f"ok  \tex.com/first\t0.1s\n{output}")
        assert tally is not None
        assert tally.failed == 1
        return tally.failing

    assert run("ex.com/a", "TestTable/a_-_b/c") == ["ex.com/a > TestTable", "ex.com/a > TestTable/a_-_b/c"]
    assert not set(run("ex.com/a", "TestTable/x")) & set(run("ex.com/b", "TestTable/x"))


def test_names_of_jest_vitest_and_mocha_are_whole() -> None:
    jest = "FAIL src/a.spec.ts\n  ● sums › a > b › takes 1 - 2\n"
    assert of_others(jest) == ["src/a.spec.ts > sums > a > b > takes 1 - 2"]
    assert of_others(" FAIL  src/a.test.ts > sums > a > b > takes 1 - 2\n") == ["src/a.test.ts > sums > a > b > takes 1 - 2"]
    report = (
        '{"testResults": [{"name": "/w/src/a.test.ts", "status": "failed", "assertionResults": '
        '[{"status": "failed", "ancestorTitles": ["sums", "a > b"], "title": "1 - 2 > 0"}]}]}'
    )
    tally = read_javascript([report], "/w")
    assert tally is not None
    assert tally.failing == ["src/a.test.ts > sums > a > b > 1 - 2 > 0"]
    block = "  {}) sums\n       when empty:\n         is {}:\n{}     Error: x\n\n"
    mocha = "  2 failing\n\n" + block.format(1, 0, "\n") + block.format(2, 1, "")
    assert list(output_names.of("mocha", mocha)) == ["sums > when empty: > is 0", "sums > when empty: > is 1"]


def test_names_of_java_php_and_dotnet_are_whole() -> None:
    xml = (
        '<testsuite name="s"><testcase classname="ex.Sums" name="adds(int, String)[1] a - b"><failure/></testcase>'
        '<testcase classname="ex.Sums" name="adds &gt; 1.5"><failure/></testcase></testsuite>'
    )
    assert junit.tally(iter([xml])).failing == ["ex.Sums > adds(int, String)[1] a - b", "ex.Sums > adds > 1.5"]
    lines = ("Failures: ", "  SumsTest.adds(int)[1]:15 expected", "  SumsTest.adds(int)[2]:15 expected", "  SumsTest.subs:9 no")
    surefire = "".join(f"[ERROR] {line}\n" for line in lines)
    assert list(output_names.of("maven", surefire)) == ["SumsTest > adds(int)[1]", "SumsTest > adds(int)[2]", "SumsTest > subs"]
    gradle = "ex.SumsTest > adds(int) > [1] a - b FAILED\n"
    assert list(output_names.of("gradle", gradle)) == ["ex.SumsTest > adds(int) > [1] a - b"]
    assert of_others('1) SumTest::adds with data set "a - b" (1, 2)\n') == ['SumTest::adds with data set "a - b" (1, 2)']
    assert of_others('  Failed Sums.Adds(x: "a [b] - c") [12 ms]\n') == ['Sums.Adds(x: "a [b] - c")']


def test_names_of_unittest_tap_and_cargo_are_whole() -> None:
    block = (
        "=" * 70
        + "\nFAIL: test_x (tests.test_a.X.test_x) [a - b] (i='(c - d)')\n"
        + "-" * 70
        + "\nE: no\n\nRan 1 test in 0.1s\n\nFAILED (failures=1)\n"
    )
    tally = unittest_output.read(block, one=True)
    assert tally is not None
    assert tally.failing == ["tests.test_a.X.test_x [a - b] (i='(c - d)')"]
    assert [point.name for point in points("1..2\nnot ok 1 - a - b\nnot ok 2 - a - c\n")] == ["a - b", "a - c"]
    cargo = "     Running tests/a.rs (target/a)\ntest sums::a ... FAILED\ntest src/lib.rs - add (line 5) ... FAILED\n"
    assert list(output_names.of("cargo", cargo)) == ["tests/a.rs > sums::a", "tests/a.rs > src/lib.rs - add (line 5)"]


def _junit(*failed: bool) -> Tally | None:
    cases = "".join(f'<testcase classname="com.x.A" name="adds">{"<failure/>" * fails}</testcase>' for fails in failed)
    return junit.tally(iter([f"<testsuite>{cases}</testsuite>"]))


def _junit_of_two_modules(*failed: bool) -> Tally | None:
    case = '<testsuite><testcase classname="com.x.A" name="adds">{}</testcase></testsuite>'
    return junit.tally(case.format("<error/>" * fails) for fails in failed)


def _jest(*failed: bool) -> Tally | None:
    tests = [{"status": "failed" if fails else "passed", "ancestorTitles": ["sums"], "title": "adds"} for fails in failed]
    return read_javascript([json.dumps({"testResults": [{"name": "/w/a.test.ts", "assertionResults": tests}]})], "/w")


def _rspec(*failed: bool) -> Tally | None:
    tests = [{"status": "failed" if fails else "passed", "file_path": "./a.rb", "full_description": "adds"} for fails in failed]
    return rspec.read([json.dumps({"examples": tests})])


def _trx(*failed: bool) -> Tally | None:
    results = "".join(f'<UnitTestResult testName="Adds" outcome="{"Failed" if fails else "Passed"}"/>' for fails in failed)
    return trx.read([f"<TestRun>{results}</TestRun>"])


def _node(*failed: bool) -> Tally | None:
    events = [{"event": "fail" if fails else "pass", "file": "/w/a.test.js", "names": ["adds"]} for fails in failed]
    return node_events.read("\n".join(json.dumps(event) for event in [{"event": "start"}, *events, {"event": "end"}]), "/w")


@pytest.mark.parametrize("read", [_junit, _junit_of_two_modules, _jest, _rspec, _trx, _node])
def test_two_tests_of_one_name_are_two(tmp_path: Path, read: Callable[..., Tally | None]) -> None:
    def run(*failed: bool) -> dict[str, object]:
        tally = read(*failed)
        assert tally is not None and tally.failed == sum(failed)
        return {**SuiteReport("failed", tally).to_json(), "status": "failed" if any(failed) else "passed"}

    def over(before: dict[str, object], after: dict[str, object]) -> list[object]:
        found = compare(before, after, tmp_path)
        return [*found["fixed"], *found["gone"]]

    first, second, both = run(True, False), run(False, True), run(True, True)
    (name,) = first["failing"]  # type: ignore[misc]
    found = compare(first, second, tmp_path)
    assert (found["newly_failing"], found["still_failing"]) == ([f"{name} (no. 2 of this name)"], [])
    assert over(first, second) == over(first, run(False, False)) == [name]
    assert compare(second, first, tmp_path)["newly_failing"] == [name]
    assert compare(first, both, tmp_path)["newly_failing"] == [f"{name} (no. 2 of this name)"]
    assert compare(both, first, tmp_path)["still_failing"] == [name]


@pytest.mark.parametrize("places", [["1:1", "1:2", "1:10"], ["1:9", "1:10", "2:1"], ["", "", ""]])
def test_examples_of_one_name_that_run_at_random_keep_their_numbers(places: list[str]) -> None:
    def example(number: int) -> dict[str, object]:
        own = {"id": f"./a_spec.rb[{places[number]}]"} if places[number] else {}
        told = {"file_path": "./a_spec.rb", "full_description": "adds", "line_number": number + 2}
        return {**own, **told, "status": "failed" if number == 2 else "passed"}

    for order in itertools.permutations(range(3)):
        tally = rspec.read([json.dumps({"examples": [example(number) for number in order]})])
        assert tally is not None and tally.failing == ["a_spec.rb > adds (no. 3 of this name)"]


def test_a_test_of_a_repeated_name_is_run_again_by_the_name_that_it_has() -> None:
    assert rerun("maven", ("mvn", "test"), ["com.x.A > adds (no. 2 of this name)"]) == rerun(
        "maven", ("mvn", "test"), ["com.x.A > adds"]
    )
    assert rerun("vitest", ("npx", "vitest"), ["a.ts > x", "a.ts > x (no. 2 of this name)"]) == rerun(
        "vitest", ("npx", "vitest"), ["a.ts > x"]
    )
    assert distinct(["a.ts > x", "a.ts > x (no. 2 of this name)"]) == 1
