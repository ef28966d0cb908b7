"""What a commit message of a model must not do: speak for people, ping them, close issues, skip checks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.changes.commit_message import MAX_ASSUMPTIONS, message_of
from agent.changes.commit_safety import harmless, issues_in
from agent.changes.commit_style import CommitStyle

SKIPS = (
    "[skip ci]", "[ci skip]", "[CI SKIP]", "[no ci]", "[skip actions]", "[actions skip]", "[skip  ci]", "[skip-ci]",
    "[ci-skip]", "[skip travis]", "[skip netlify]", "[skip pre-commit.ci]", "[azurepipelines skip]", "[CF-Pages-Skip]",
    "***NO_CI***", "skip-checks: true", "skip-checks:true", "[skip [skip ci] ci]", "[[skip ci]]", "[skip\nci]",
)  # fmt: skip
TRAILERS = (
    "Signed-off-by: Eve <eve@evil.example>", "signed-off-by : Eve", "Co-authored-by: Eve <eve@evil.example>",
    "Cc: security@a.org", "Reviewed-by: Linus", "Acked-by: Linus", "Change-Id: I0123456789", "Release-As: 9.0.0",
    "MGX-Run: 1", "Author: A <a@b.org>", "  Tested-by: Me", "> Approved-by: boss", "Whatever-by: Eve <eve@evil.example>",
    "On-behalf-of: @org <a@b.org>",
)  # fmt: skip
REFERENCES = (
    "Closes #12", "closes: #12", "Fix #12: x", "fixes octocat/shop#12", "resolves GH-12", "Closes #12, #14 and #15",
    "see #12", "(#12)", "closes octocat#12", "fixed https://github.com/o/r/issues/12",
    "Closes https://gitlab.com/a/b/c/-/issues/12#note_1", "Implements #12", "closes\n#12", "Close #1#2",
)  # fmt: skip
LIVE = re.compile(
    r"(?i)\[[^\[\]]*\bskip\b[^\[\]]*\]|\[no ci\]|\*\*\*no_ci|skip-checks\s*:|(?:^|[^\w@])@[a-z0-9]|#\d|\bgh-\d|/issues/\d"
    r"|(?m:^[ >*-]*(?:[\w-]+-by|cc|change-id|release-as|mgx-run|on-behalf-of)\s*:)"
)


MENTIONS = ("@octocat", "cc @org/team", "(@octocat)", "@@octocat", "é@octocat")
LONG = "Words that fill the line so that what comes next begins another one of the body"


@pytest.mark.parametrize("mark", [*SKIPS, *TRAILERS, *REFERENCES, *MENTIONS])
def test_a_mark_does_nothing_wherever_it_stands(mark: str) -> None:
    bodies = (f"Why.\n\n{mark}", f"{LONG} {mark} {LONG}")
    said = [(mark, ""), (f"Add it {mark}", ""), (f"{mark} Add it", ""), *(("Add it", body) for body in bodies)]
    for subject, body in said:
        fitted = "\n\n".join(CommitStyle().fitted(subject, body))
        assert not LIVE.search(fitted), fitted


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Fix the crash (#12)", "Fix the crash"), ("Fix #12: handle None", "Fix issue 12: handle None"),
        ("C#12 rocks", "C# 12 rocks"),
        ("Write to ada@example.org", "Write to ada@example.org"), ("Group by name: group-by: x", "Group by name: group-by: x"),
        ("Allow [skip] in patterns of a[1]", "Allow in patterns of a[1]"), ("Support PR #12", "Support PR 12"),
        ("Use octocat/shop#3", "Use issue 3 of octocat/shop"), ("SHOP-12 #close it", "SHOP-12 close it"),
        ("Add @property to Foo", "Add property to Foo"), ("#include <a.h> stays", "#include <a.h> stays"),
    ],
)  # fmt: skip
def test_the_words_around_it_stay(said: str, left: str) -> None:
    assert CommitStyle().fitted(said, "")[0] == left


def test_issues_that_the_task_names_may_be_closed() -> None:
    assert issues_in("Fix #12 and GH-7, not shop#3 nor a/b#4 or C#5") == {12, 7}
    said = "It loops.\n\nCloses #12, gh-7\nSee #13."
    assert CommitStyle().fitted("Fix the loop (#12)", said, issues={12, 7}) == (
        "Fix the loop (#12)", "It loops.\n\nCloses #12, gh-7",
    )  # fmt: skip
    assert "#12" not in CommitStyle().fitted("Fix it", "Fixes octocat/shop#12", issues={12})[1]


@given(st.text(st.sampled_from("[]skip ciSKno@#1 -by:\nClosesGH-aA*./\u202e\x1b"), max_size=120))
@settings(max_examples=150, deadline=None)
def test_any_text_is_harmless_after_one_pass(text: str) -> None:
    once = harmless(text)
    assert harmless(once) == once
    subject, body = CommitStyle().fitted(text, text)
    assert "\n" not in subject
    assert not re.search(r"(?i)\[\s*(?:skip ci|ci skip|no ci)\s*\]|(?:^|[^\w@])@[A-Za-z0-9]", f"{subject}\n\n{body}", re.ASCII)


def test_arguments_of_a_model_become_a_message_of_known_shape() -> None:
    said = {
        "summary": " Done\x00. ",
        "subject": "Add it",
        "body": 3,
        "assumptions": ["UTC is\nmeant", 7, "", "x" * 900] + ["y"] * 90,
    }
    message = message_of(said)
    assert list(message) == ["summary", "subject", "body", "assumptions"]
    assert (message["summary"], message["body"], message["assumptions"][0]) == ("Done.", "", "UTC is meant")
    assert len(message["assumptions"]) <= MAX_ASSUMPTIONS
    assert max(map(len, message["assumptions"])) == 600
    assert message_of({"summary": "Done.", "assumptions": "One."})["assumptions"] == ["One."]
    assert message_of({}) == message_of({"summary": None, "subject": [], "assumptions": {}}) == {}
    assert message_of(message) == message
