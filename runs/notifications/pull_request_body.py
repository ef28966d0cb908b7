"""The body of a run's pull request. Output of models and programs is escaped, so that it can't mention people, close issues
or hide text.

Format: https://docs.github.com/en/get-started/writing-on-github
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings

from mgx_project.common.money import usd
from repositories.hosting.base import PullRequestText
from tasks.models import Task

from ..models import TaskRun

MAX_FILES = 100
MAX_WORDS = 2_000
COMPARED = {
    "newly_failing": "Newly failing", "fixed": "Fixed", "still_failing": "Failing as before", "flaky": "Failing by chance",
}  # fmt: skip
MAX_NAMED = 10
MAX_TITLE = 200
QUIET = "\u200b"
"""A zero-width space, which breaks mentions and keywords."""

_MENTION = re.compile(r"@(?=[\w-])")
_REFERENCE = re.compile(r"#(?=\d)|(?i:\bgh-(?=\d))")
"""Also after a name: `owner/repository#1` is another repository's."""
_HOST = re.compile(r"(?i:\bwww)(?=\.)")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "'"} | {sign: f"\\{sign}" for sign in "\\|[]!*_"})


def quoted(text: object, most: int = MAX_WORDS) -> str:
    """``text`` of a model or a program as one harmless line of Markdown, at most ``most`` characters of it."""
    line = " ".join(str(text).split())
    line = "".join(character for character in line if character.isprintable())
    line = line if len(line) <= most else line[:most] + " …"
    line = line.translate(_MARKUP).replace("://", f":{QUIET}//")
    return quiet(_HOST.sub(lambda found: found[0] + QUIET, line))


def quiet(text: str) -> str:
    """Plain words that mention nobody and name no issue."""
    return _REFERENCE.sub(lambda found: found[0] + QUIET, _MENTION.sub("@" + QUIET, text))


def name_of(task: Task) -> str:
    """A task's name in one line. That of an issue is its title, and anybody may have written it."""
    name = " ".join(task.name.split())
    return quiet(name) if task.issue_number else name


def summary_of(run: TaskRun) -> str:
    """What the run did, in the team's words."""
    return str(run.message.get("summary") or (run.plan or {}).get("summary") or "")


def code(path: object) -> str:
    """A path or a name as inline code."""
    plain = "".join(character for character in str(path) if character.isprintable() and character != "`")
    return f"`{plain[:300]}`"


def _in_cell(path: str) -> str:
    """In a table a bar ends the cell, inside of code too."""
    return quoted(path, 300) if "|" in path else code(path)


def text_of(run: TaskRun, title: str | None = None) -> PullRequestText:
    """``title`` is by default what it was before titles were recorded with the delivery's settings."""
    if title is None:
        title = " ".join(f"MGX: {name_of(run.task)} - Run #{run.run_number}".split())[:MAX_TITLE]
    closes = f"Closes #{run.task.issue_number}." if run.task.issue_number else ""
    parts = [
        quoted(summary_of(run)),
        closes,
        *_assumptions(run),
        *_before(run),
        *_conflict(run),
        *_plan(run),
        *_files(run),
        *_tests(run),
        *_review(run),
        *(quoted(warning, 600) for warning in run.results.get("warnings") or ()),
        _usage(run),
    ]
    return PullRequestText(title, "\n\n".join(part for part in parts if part) + "\n")


def _conflict(run: TaskRun) -> list[str]:
    conflict: dict[str, Any] = run.results.get("conflict") or {}
    if not conflict:
        return []
    files = conflict["files"]
    lines = [
        f"{code(conflict['base_branch'])} moved to {conflict['head'][:10]} during the run, and the changes conflict in "
        f"{len(files)} file{'s' if len(files) > 1 else ''}. This branch is based on the commit at which the run started.",
        "\n".join(f"- {code(path)}" for path in files[:MAX_FILES]),
        "Resolve the conflict here, or retry the run to start from the current commit.",
    ]
    return ["### Conflict", *lines]


def _assumptions(run: TaskRun) -> list[str]:
    """What the task leaves open and was decided without asking."""
    lines = [f"- {quoted(said, 500)}" for said in run.message.get("assumptions", [])]
    return ["### Assumptions", "\n".join(lines)] if lines else []


def _before(run: TaskRun) -> list[str]:
    """Of a run that continues others, what those did: all of it is in this pull request."""
    earlier: dict[str, Any] = (run.revision or {}).get("earlier") or {}
    if not earlier or not run.continues_branch:
        return []
    runs = [entry for entry in (earlier, *earlier.get("before", ())) if entry.get("summary")]
    lines = [f"- Run {entry['run_number']}: {quoted(entry['summary'], 500)}" for entry in reversed(runs)]
    return ["### Before this run", "\n".join(lines)] if lines else []


def _plan(run: TaskRun) -> list[str]:
    steps = [step for step in (run.plan or {}).get("steps", []) if isinstance(step, dict)]
    lines = [f"{number}. {quoted(step.get('title', ''), 300)}" for number, step in enumerate(steps, 1)]
    return ["### Plan", "\n".join(lines)] if lines else []


def _files(run: TaskRun) -> list[str]:
    files = run.results.get("files", [])
    if not files:
        return []
    rows = [f"| {_in_cell(file['path'])} | {_made(file)} | +{file['added']} −{file['removed']} |" for file in files[:MAX_FILES]]
    more = [f"And {len(files) - MAX_FILES} more."] if len(files) > MAX_FILES else []
    return ["### Files", "\n".join(["| File | | Lines |", "|---|---|---|", *rows]), *more]


def _made(file: dict[str, Any]) -> str:
    return f"renamed from {_in_cell(file['source'])}" if file.get("source") else str(file["action"])


def _tests(run: TaskRun) -> list[str]:
    tests: dict[str, Any] = run.results.get("tests") or {}
    if not tests:
        return []
    before = tests.get("baseline")
    lines = [f"- After: {_counts(tests)}", *([f"- Before: {_counts(before)}"] if before else [])]
    if tests.get("status") == "unavailable":
        lines = [f"Not tested: {_why(tests)}"]
    else:
        lines = [*([f"Command: {code(tests['command'])}\n"] if tests.get("command") else []), *lines, *_compared(tests)]
    if rebased := run.results.get("rebased"):
        branch = code(rebased["base_branch"])
        again: dict[str, Any] = run.results.get("tests_after_rebase") or {}
        known = f"not tested ({_why(again)})" if again.get("status") == "unavailable" else _counts(again)
        bullet = "\n" if tests.get("status") == "unavailable" else "- "
        lines.append(f"{bullet}Merged with {rebased['onto'][:10]}, the current head of {branch}: {known}")
    lines += _notes(tests)
    if tests.get("set_aside"):
        named = ", ".join(code(path) for path in tests["set_aside"][:MAX_FILES])
        lines.append(
            f"\n**This change alters how tests are run**, which is not part of its plan: {named}. The tests above were run "
            "without it. Review it before you merge."
        )
    return ["### Tests", *_proof(tests.get("proof") or {}), "\n".join(lines)]


def _proof(found: dict[str, Any]) -> list[str]:
    """The verdict, and what is missing."""
    if not found:
        return []
    missing = [f"- {quoted(said, 300)}" for said in found["missing"]]
    return ["\n".join([f"**{found['verdict'].capitalize()}**{':' if missing else '.'}", *missing])]


def _compared(tests: dict[str, Any]) -> list[str]:
    """Tests by name, and why a failure is not laid to the change."""
    lines = [
        f"- {what}: {', '.join(code(name) for name in tests[key][:MAX_NAMED])}{' …' if len(tests[key]) > MAX_NAMED else ''}"
        for key, what in COMPARED.items()
        if tests.get(key)
    ]
    if tests.get("not_blamed"):
        lines.append(f"- {quoted(tests['not_blamed'], 300)}")
    if without := tests.get("new_tests"):
        lines.append(f"- The change's own tests without the change: {without['failed']} fail, {without['passed']} pass")
    return lines


def _notes(tests: dict[str, Any]) -> list[str]:
    """What the install steps said."""
    notes: list[str] = tests.get("notes") or []
    return ["\nInstallation:\n", *(f"- {quoted(note, 300)}" for note in notes)] if notes else []


def _why(tests: dict[str, Any]) -> str:
    return quoted(tests.get("reason") or tests.get("output_tail", ""), 300)


def _counts(tests: dict[str, Any]) -> str:
    counts = ", ".join(f"{tests.get(key, 0)} {key}" for key in ("passed", "failed", "skipped"))
    return f"{tests.get('status', 'unknown')} ({counts})"


def _review(run: TaskRun) -> list[str]:
    review: dict[str, Any] = run.results.get("review") or {}
    if not review:
        return []
    comments = [f"- {quoted(comment, 500)}" for comment in review.get("comments", [])[:20]]
    return ["### Review", "\n".join([f"Verdict: {quoted(review.get('verdict', ''), 40)}", *comments])]


def _usage(run: TaskRun) -> str:
    usage = run.usage
    cost = usage.get("cost_usd")
    tokens = usage.get("tokens_in", 0) + usage.get("tokens_out", 0)
    spent = f"{usage.get('calls', 0)} model calls, {tokens:,} tokens" + (f", {usd(cost)}" if cost else "")
    return f"---\nCreated by MGX Agent in [run #{run.run_number}]({page_of(run)}): {spent}."


def page_of(run: TaskRun) -> str:
    """The address of the run's page for members of its workspace."""
    return f"{settings.MGX_BASE_URL}/runs/{run.pk}"
