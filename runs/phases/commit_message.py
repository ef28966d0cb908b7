"""The words of a run's commit and of its pull request's title: the engineer's, in the style of the repository, or else the
project's template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from agent.changes.commit_layout import shortened
from agent.changes.commit_safety import issues_in
from agent.changes.commit_style import CommitStyle, style_of
from agent.context.commits import read_commits
from agent.ports import Journal
from projects.models import DEFAULT_COMMIT_TEMPLATE, Project
from tasks.models import Task

from ..models import TaskRun
from ..notifications.pull_request_body import name_of, quiet

MAX_NAME = 200
"""Characters of a task's name in a message or a title; GitHub takes titles of 256."""
CUT = "…"
"""At the end of a task's name that is the beginning of its text (`tasks.services`, and the command line)."""
RUN_TRAILER = "MGX-Run"
"""Names the run: `mgx status ID` finds it."""
_PLACEHOLDERS = re.compile(r"\{\{|\}\}|\{(?:task_name|run_number|subject|body|summary)\}")
_EMPTY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class FittedMessage:
    """What the engineer said, harmless and in the ``style`` of the repository; ``subject`` is "" where none was left."""

    subject: str
    body: str
    style: CommitStyle
    issues: frozenset[int]


async def fitted_message(run: TaskRun, root: Path, journal: Journal) -> FittedMessage | None:
    """None for a run without a message: it was executed before there were any, or by a model that said nothing."""
    if not run.message:
        return None
    style = style_of(await read_commits(root, journal))
    issues = _issues(run.task)
    subject, body = style.fitted(run.message["subject"] or run.message["summary"], run.message["body"], issues=issues)
    return FittedMessage(subject, body, style, issues)


def commit_message(run: TaskRun, said: FittedMessage | None = None) -> str:
    """``said`` with the run's id, or the project's template with its placeholders replaced, never evaluated. A trailer names
    the user who started the run if the project wants one and an address is known."""
    project = run.task.project
    if said is not None and said.subject and project.commit_template == DEFAULT_COMMIT_TEMPLATE:
        text, trailers = f"{said.subject}\n\n{said.body}".rstrip(), [f"{RUN_TRAILER}: {run.pk}"]
    else:
        text, trailers = _of_template(run, said), []
    trailers += filter(None, [_co_author(run)])
    return "\n\n".join([text, *(["\n".join(trailers)] if trailers else [])])


def pull_request_title(run: TaskRun, said: FittedMessage | None = None) -> str:
    """`MGX: {task_name} - Run #{n}`, or the commit's subject in a repository whose subjects have a type, a prefix or a ticket:
    checks of pull requests ask for it there, and a squashed merge makes it a commit's subject. A revision keeps what the run
    said that opened the pull request."""
    subject = _opening_subject(run, said) if said is not None else ""
    if said is not None and said.style.follows(subject):
        return subject
    return f"MGX: {whole_name(run.task)} - Run #{run.run_number}"


def whole_name(task: Task) -> str:
    """The task's name in one line, never cut within a word: where the name is the beginning of the task's text, the first line
    of that, as far as ``MAX_NAME`` goes."""
    name = name_of(task)
    if name.endswith(CUT):
        line = " ".join(task.description.strip().partition("\n")[0].split())
        if line.startswith(" ".join(task.name.removesuffix(CUT).split())):
            name = quiet(line) if task.issue_number else line
    return shortened(name, MAX_NAME) or name[:MAX_NAME]


def _of_template(run: TaskRun, said: FittedMessage | None) -> str:
    task = run.task
    name = whole_name(task)
    summary, _ = CommitStyle().fitted(run.message.get("summary") or (run.plan or {}).get("summary") or name, "")
    known = {
        "{task_name}": name, "{run_number}": str(run.run_number), "{{": "{", "}}": "}", "{summary}": summary,
        "{subject}": (said and said.subject) or name, "{body}": said.body if said else "",
    }  # fmt: skip
    text = _PLACEHOLDERS.sub(lambda found: known[found[0]], task.project.commit_template)
    return _EMPTY_LINES.sub("\n\n", text).rstrip()


def _opening_subject(run: TaskRun, said: FittedMessage | None) -> str:
    opened = run
    while opened.revision and opened.parent_run is not None:
        opened = opened.parent_run
    if said is None or opened is run:
        return said.subject if said else ""
    return said.style.fitted(opened.message.get("subject", ""), "", issues=said.issues)[0]


def _issues(task: Task) -> frozenset[int]:
    """Those that the message may name. Anybody may write an issue, so one that comes from there names itself alone."""
    return frozenset({task.issue_number}) if task.issue_number else issues_in(f"{task.name}\n{task.description}")


def _co_author(run: TaskRun) -> str:
    user = run.created_by
    if run.task.project.commit_co_author != Project.CoAuthor.REQUESTER or user is None or not user.email:
        return ""
    name, email = (
        "".join(letter for letter in text if letter.isprintable() and letter not in "<>").strip()
        for text in (user.get_full_name() or user.get_username(), user.email)
    )
    return f"Co-authored-by: {name} <{email}>" if name and email else ""
