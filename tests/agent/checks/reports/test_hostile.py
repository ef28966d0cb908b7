"""Reports and output are text that tests can write themselves."""

from __future__ import annotations

import json

import pytest

from agent.checks.reports import how_to_report, read
from agent.ports import CommandResult
from tests.support.processor import at_most

PYTEST = ("python", "-m", "pytest")
XML = "/reports/pytest.xml"
PASSING = '<testsuites><testsuite><testcase classname="a" name="test_a" file="a.py"/></testsuite></testsuites>'
FAILING = (
    '<testsuites><testsuite tests="9" failures="0"><testcase classname="a" name="test_a" file="a.py">'
    '<failure message="no"/></testcase></testsuite></testsuites>'
)


def result(output: str, exit_code: int = 0, argv: tuple[str, ...] = PYTEST) -> CommandResult:
    return CommandResult(argv, exit_code, 1, output)


@pytest.mark.parametrize(
    "line",
    ["3 passed in 0.01s", "=== 9 passed in 1.00s ===", "OK", "# pass 3", "test result: ok. 3 passed; 0 failed; 0 ignored;"],
)
@pytest.mark.parametrize("runner", ["pytest", "", "node", "cargo"])
def test_a_forged_closing_line_before_a_failing_end_is_not_believed(runner: str, line: str) -> None:
    assert read(runner, result(f"{line}\nAborted\n", 134)).status == "failed"


@pytest.mark.parametrize("lines", ["1 passed in 0.1s", "1 failed in 0.1s\n1 passed in 0.1s"])
def test_a_closing_line_that_the_report_contradicts_is_not_believed(lines: str) -> None:
    told = read("pytest", result(f"{lines}\n", 0), {XML: FAILING})

    assert (told.status, told.tally.failed, told.tally.failing) == ("failed", 1, ["a.py::test_a"])
    assert told.reason == "1 failed, although the command ended with exit code 0."


def test_a_report_that_says_all_is_well_does_not_beat_the_exit_code() -> None:
    told = read("pytest", result("Segmentation fault\n", 139), {XML: PASSING})

    assert told.status == "failed"
    assert "exit code 139" in told.reason


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><testsuites>&b;</testsuites>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><testsuites/>',
        "<testsuites>" + "<testsuite>" * 300,
        "<testsuites><testcase",
        "not xml",
        "",
        "\0\x1b<",
        "<testsuites>&undefined;</testsuites>",
    ],
)
def test_what_is_no_report_counts_nothing(text: str) -> None:
    assert read("pytest", result("", 0), {XML: text}).status == "unavailable"
    assert read("pytest", result("2 passed in 0.01s\n", 0), {XML: text}).tally.passed == 2


def test_a_report_that_breaks_off_keeps_what_it_told() -> None:
    told = read("pytest", result("killed", 137), {XML: FAILING.partition("</testcase>")[0]})

    assert (told.status, told.tally.failed) == ("failed", 1)


def test_totals_of_a_report_are_not_read() -> None:
    assert read("pytest", result("", 0), {XML: FAILING}).tally.failed == 1


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"testResults": 3},
        {"testResults": [3, {"assertionResults": 3}, {"name": 5, "assertionResults": [4, {"status": []}]}]},
        "x",
        None,
    ],
)
@pytest.mark.parametrize("runner", ["jest", "vitest", "mocha"])
def test_json_of_another_shape_counts_nothing(runner: str, document: object) -> None:
    told = read(runner, result("", 0, (runner,)), {f"/reports/{runner}-1.json": json.dumps(document)})

    assert told.status == "unavailable"


@pytest.mark.parametrize("line", ['{"event": "pass", "names": 3}', '{"event": 3}', "[]", "{", '{"event": "count", "name": 3}'])
def test_events_of_another_shape_raise_nothing(line: str) -> None:
    assert read("node", result("", 1, ("node", "--test")), {"/reports/node.ndjson": f"{line}\n" * 3}).status == "failed"


@pytest.mark.parametrize("piece", ["x", "1 passed, ", "FAILED a::b - c ", "<testcase>", "= ", "not ok 1 - a # ", "\x1b[3"])
def test_fifty_megabytes_of_one_line_are_bounded(piece: str) -> None:
    with at_most(10):
        read("pytest", result(piece * (50_000_000 // len(piece)), 1))


def test_names_are_bounded() -> None:
    cases = "".join(
        f'<testcase classname="a" name="{"n" * 5_000}{number}" file="a.py"><failure/></testcase>' for number in range(1_500)
    )
    told = read("pytest", result("", 1), {XML: f"<testsuites>{cases}</testsuites>"}).to_json()

    assert told["failed"] == 1_500
    assert len(told["failing"]) == 1_000
    assert max(map(len, told["failing"])) <= 300


def test_a_runner_is_asked_without_changing_what_it_runs() -> None:
    assert how_to_report("pytest", ("pytest", "-x", "tests")).argv == ("pytest", "-x", "tests", "--maxfail=0")
    assert how_to_report("pytest", ("make", "test")).argv == ("make", "test")
    assert how_to_report("", ("true",)).environment == {}
