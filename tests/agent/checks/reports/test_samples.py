"""What is read of the outputs and reports of all runners that are known."""

from __future__ import annotations

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
