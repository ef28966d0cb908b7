"""What is read of the outputs and reports of all runners that are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.checks.reports import read
from agent.checks.reports.closing_lines import READERS
from tests.agent.checks.reports.samples import Sample, samples

SAMPLES = samples()


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_what_a_runner_counted_is_what_is_read(sample: Sample) -> None:
    told = sample.read()

    assert {key: told[key] for key in sample.expected} == dict(sample.expected)


def in_lines(before: str, after: str) -> Callable[[str], str]:
    return lambda text: re.sub(r"(?m)^(.*\S.*)$", lambda line: f"{before}{line[1]}{after}", text)


def of_windows(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("dressed", "in_reports"),
    [
        (of_windows, True),
        (lambda text: of_windows(text).replace("\r", "\r\r"), False),  # through a terminal as well
        (in_lines("\x1b[1;31m", "\x1b[39;49m\x1b[0m"), False),
        (lambda text: re.sub(r"(?<![\[;:\d])(\d+)", "\x1b[38:5:9m\\1\x1b[m", text), False),
        (in_lines("\x1b]8;;file:///x\x1b\\", "\x1b]8;;\x07\x1b(B"), False),
    ],
    ids=["ends of Windows", "ends of a terminal", "colours", "colours of numbers", "links"],
)
def test_ends_of_lines_colours_and_links_change_nothing(dressed: Callable[[str], str], in_reports: bool) -> None:
    for sample in SAMPLES:
        result = replace(sample.result, output_tail=dressed(sample.result.output_tail))
        reports = {name: dressed(text) if in_reports else text for name, text in sample.reports.items()}
        told = replace(sample, result=result, reports=reports).read()
        assert {key: told[key] for key in sample.expected} == dict(sample.expected), sample.name


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_no_sample_says_passed_with_nothing_counted(sample: Sample) -> None:
    """Whatever its exit code, with its reports and without them, and also by a reader that does not know the runner."""
    for code in (0, 1, 4, 5, 127, 137):
        for runner in {sample.runner, ""}:
            for reports in ({}, sample.reports):
                told = read(runner, replace(sample.result, exit_code=code), reports).to_json()
                if told["status"] == "passed":
                    assert code == 0
                    assert told["counted"]
                    assert told["passed"] > 0
                    assert told["failed"] == 0
                else:
                    assert told["reason"] or told["failed"]


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_a_failing_exit_code_is_never_passed(sample: Sample) -> None:
    for code in (1, 2, 124, -9):
        assert read(sample.runner, replace(sample.result, exit_code=code), sample.reports).status != "passed"
    assert read(sample.runner, replace(sample.result, timed_out=True), sample.reports).status == "failed"


def test_every_runner_has_samples() -> None:
    assert {"pytest", "unittest", "django", *READERS} - {sample.runner for sample in SAMPLES} == set()
