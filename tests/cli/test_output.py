"""What reaches the terminal of what others wrote."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mgx_cli import output
from mgx_cli.output import clean, one_line
from mgx_cli.render import diff_stat, duration, event_lines, outcome_of_tests, plain, result_lines

UNSAFE = {chr(code) for code in [*range(9), *range(11, 32), *range(127, 160)]} | set(
    "\u202a\u202b\u202d\u202e\u2066\u2067\u2069"
)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain\ttext\nof two lines", "plain\ttext\nof two lines"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r\x1b\\x", "x"),
        ("\x1b]52;c;unterminated", "]52;c;unterminated"),
        ("over\rwrite\x08", "overwrite"),
        ("\x9b31mred", "31mred"),
        ("a\u202eb", "ab"),
        ("日本 – ümlaut", "日本 – ümlaut"),
    ],
)
def test_escape_sequences_and_controls_are_removed(text: str, safe: str) -> None:
    assert clean(text) == safe


@given(st.text(alphabet=st.sampled_from("\x1b[]P^_\\;0m\x07\x9b\r\n\u202eab")))
def test_no_control_is_ever_left(text: str) -> None:
    assert not UNSAFE & set(clean(text))
    assert "\n" not in one_line(text)


def test_a_line_is_cut_to_its_width() -> None:
    assert one_line("a b  c\nd", 5) == "a b …"
    assert one_line("abcde", 5) == "abcde"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.4, "9.4 s"), (75, "75 s"), (600, "10 min"), (9000, "2 h"), (400_000, "5 d"), (-1, "0.0 s")],
)
def test_a_duration_is_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_results_of_any_shape_are_shown_or_left_out() -> None:
    assert diff_stat({"diff_stat": {"files": 2, "added": 3, "removed": 1}}) == "2 files, +3 −1"
    assert diff_stat({"diff_stat": {"files": ["a"], "insertions": 3}}) == "1 file, +3 −0"
    assert diff_stat({"diff_stat": {"text": " a | 1 +\n"}}) == " a | 1 +"
    assert diff_stat({}) == ""
    assert outcome_of_tests({"status": "failed", "passed": 1, "failed": 2}) == "failed: 1 passed, 2 failed"
    assert outcome_of_tests({"status": "unavailable"}) == "unavailable"
    run: dict[str, object] = {
        "status": "completed",
        "branch_name": "\x1b[2J",
        "results": None,
        "usage": [],
        "links": {"files": "file:///a%20b"},
    }
    assert [plain(line) for line in result_lines(run)] == ["files        /a b"]


def test_json_keeps_words_readable_where_stdout_can_carry_them(capsys: pytest.CaptureFixture[str]) -> None:
    output.put_json({"task": "sağlık 🚀"})
    assert "sağlık 🚀" in capsys.readouterr().out


def test_json_escapes_what_stdout_can_not_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.put_ndjson({"task": "sağlık"})
    assert json.loads(raw.getvalue()) == {"task": "sağlık"}


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_lines_break_at_words_on_a_terminal_and_commands_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    command = "  mgx task … --repo PATH|URL   work on it"
    folded = output.fold(f"This sentence is longer than thirty columns.\n{command}", Tty(), 7)
    *words, last = folded.splitlines()
    assert last == command
    assert len(words[0]) <= 23
    assert all(len(line) < 30 for line in words)
    assert " ".join(words) == "This sentence is longer than thirty columns."
    assert output.fold("x" * 50, io.StringIO()) == "x" * 50


def test_a_result_tells_the_tests_before_and_after_and_what_they_cover() -> None:
    before = {"status": "failed", "passed": 2, "failed": 1}
    coverage = {"percent": 80.0, "files": [{"path": "a.py", "percent": 80.0, "uncovered": [[3, 3], [7, 9]]}]}
    tests = {"status": "passed", "passed": 4, "fixed": ["t::a"], "baseline": before, "coverage": coverage}
    results = {"tests": tests, "review": {"verdict": "approve", "comments": []}}
    assert [plain(line).split(maxsplit=1) for line in result_lines({"status": "completed", "results": results})] == [
        ["tests", "4 passed (1 fixed)"],
        ["before", "failed: 2 passed, 1 failed"],
        ["coverage", "80 % of the changed lines, not a.py:3,7-9"],
        ["review", "approve"],
    ]


def test_what_was_not_proved_is_said() -> None:
    results = {"tests": {"status": "unavailable", "output_tail": "composer is not available here."}, "draft": True}
    lines = [plain(line) for line in result_lines({"status": "completed", "results": results})]
    assert lines[0].endswith("not tested: composer is not available here.")
    assert lines[1].startswith("draft")


def test_what_was_not_installed_is_said() -> None:
    results = {"tests": {"status": "passed", "passed": 1, "notes": ["Not installed: a.", "Not installed:\x1b[31m b."]}}
    lines = [plain(line) for line in result_lines({"status": "completed", "results": results})]
    assert lines[1:] == ["install      Not installed: a.", "             Not installed: b."]
    event = {"type": "tests_finished", "message": "1 passed", "data": results["tests"]}
    assert [plain(line).strip() for line in event_lines(event)][1:] == ["Not installed: a.", "Not installed: b."]


def test_a_run_with_a_pull_request_says_where_it_is_and_what_met_it() -> None:
    run = {
        "pr_url": "https://git.example/o/r/pull/3",
        "results": {"rebased": {"onto": "c0ffee" * 6}, "conflict": {"files": ["a.py", "b.py"]}, "pull_request_error": "No."},
    }
    assert [plain(line).split(maxsplit=1)[1] for line in result_lines(run)] == [
        "request https://git.example/o/r/pull/3",
        "No.",
        "moved during the run; the change was merged onto c0ffeec0ffee",
        "the base changed the same lines: a.py, b.py",
    ]


def test_what_people_must_know_of_a_model_is_a_line_of_the_result() -> None:
    run = {"status": "completed", "results": {"warnings": ["It read 4,096\nof 15,000 tokens.", "\x1b[31mAnother."]}}
    assert [plain(line) for line in result_lines(run)] == [
        "model        It read 4,096 of 15,000 tokens.",
        "             Another.",
    ]


def test_what_people_did_is_not_said_to_be_the_leaders() -> None:
    for kind in ("plan_edited", "resumed", "cancelled", "approved", "rejected", "steered", "changes_decided"):
        (line, *_) = event_lines({"type": kind, "message": "ada did it.", "data": {"by": "ada"}})
        assert "  you  " in plain(line), kind
    (line, *_) = event_lines({"type": "analysis_start", "message": "Analysing", "data": {}})
    assert "  leader  " in plain(line)
