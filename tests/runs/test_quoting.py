"""What others wrote, in pull requests, comments and commits: it calls nobody, closes nothing, leads nowhere."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from runs.models import TaskRun
from runs.notifications.pull_request_body import code, quoted, text_of
from runs.phases.commit_message import commit_message

HARMFUL = (
    "fixes #1", "fixes octocat/shop#1", "closes octocat#1", "resolves GH-1", "@octocat", "&commat;octocat", "fixes &num;1",
    "&#x40;octocat", "&#64;octocat", r"\[click\](//evil.example)", r"\![x](//evil.example)", "www.evil.example", "https://evil.example",
    "<img src=x>", "<!-- mgx:1 -->", r"\<img src=x\>", "`@octocat`", r"\`@octocat\`", r"\*\*x\*\*",
)  # fmt: skip
LIVE = re.compile(
    r"#\d|(?i:gh-\d)|@\w|&(?!amp;|lt;|gt;)|(?<!\\)(?:\\\\)*[\[\]!*_|]|(?i:www\.)|://|[<>`]", re.ASCII
)  # fmt: skip
"""What GitHub's Markdown would act on: an even number of backslashes before a sign escapes nothing."""


@pytest.mark.parametrize("text", HARMFUL)
def test_quoted_words_do_nothing(text: str) -> None:
    assert not LIVE.search(quoted(text)), quoted(text)


def run(name: str, files: list[dict[str, Any]], **task: Any) -> TaskRun:
    project = SimpleNamespace(commit_template="mgx: {task_name}", commit_co_author="none")
    known = {"name": name, "description": name, "issue_number": None, "source": "api", "project": project, **task}
    fake = SimpleNamespace(
        pk="1", task=SimpleNamespace(**known), run_number=1, plan=None, results={"files": files}, usage={}, created_by=None,
        message={}, revision=None,
    )  # fmt: skip
    return cast(TaskRun, fake)


def test_a_files_name_stays_in_its_cell() -> None:
    path = "x|@octocat fixes #1 <img src=//evil.example/x>|y"
    body = text_of(run("Name", [{"path": path, "action": "created", "added": 1, "removed": 0}])).body
    (row,) = [line for line in body.splitlines() if "octocat" in line]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 4, row
    assert not LIVE.search(row.split(" | created")[0].removeprefix("| ")), row
    assert code("a b.py") in text_of(run("Name", [{"path": "a b.py", "action": "created", "added": 1, "removed": 0}])).body


def test_an_issues_title_does_nothing_in_the_commit_and_the_title() -> None:
    """Anybody may write an issue; what somebody with rights calls a task is theirs to say."""
    name = "Crash, fixes #1 and octocat/shop#2, says @octocat"
    stranger = run(name, [], issue_number=7, source="github")
    for said in (commit_message(stranger), text_of(stranger).title.removesuffix(" - Run #1")):
        assert not re.search(r"#[12]|@\w", said), said
    assert name in commit_message(run(name, []))
    assert "Closes #7." in text_of(stranger).body


def test_what_was_not_installed_stands_in_the_pull_request_and_does_nothing() -> None:
    made = run("Name", [])
    made.results = {"tests": {"status": "passed", "passed": 1, "notes": ["Not installed: x (@octocat fixes #1)"]}}
    (line,) = [line for line in text_of(made).body.splitlines() if "Not installed" in line]
    assert not LIVE.search(line), line


def test_a_renamed_file_is_told_with_the_name_that_it_had() -> None:
    file = {"path": "shop/new.py", "action": "renamed", "source": "shop/a|b`.py", "added": 1, "removed": 1}
    (row,) = [line for line in text_of(run("Name", [file])).body.splitlines() if "shop/new.py" in line]
    assert row == f"| `shop/new.py` | renamed from {quoted('shop/a|b`.py')} | +1 −1 |"
