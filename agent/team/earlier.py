"""How a prompt tells of the runs that a run continues: what was wanted and done, so that nobody reads it out of the files again
or undoes it.

Who starts the run makes the document (`agent.ports.TaskSpec.earlier`); all of it is data of people, models and programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.ports import JSONObject
from agent.prompt_blocks import block

MAX_CHARACTERS = 12_000
"""About 3,000 tokens: the files themselves say the rest."""
CUT = "\n… (cut here)"


def told(earlier: JSONObject) -> str:
    """The part of the opening that follows the task."""
    return (
        "The work so far is in the files already. Carry out the task on top of it: keep what was done unless the task says "
        "otherwise, and do not do it again. What was wanted, done and said, the newest run first:\n"
        + block("earlier_runs", _bounded("\n\n".join(_parts(earlier))))
    )


def _parts(earlier: JSONObject) -> Iterator[str]:
    if wanted := str(earlier.get("task") or "").strip():
        yield f"The first task on this branch, whose rules hold unless the task changes them:\n{wanted}"
    for run in (earlier, *earlier.get("before", ())):
        yield "\n".join(_lines(run))


def _lines(run: JSONObject) -> Iterator[str]:
    ended = f" ({run['status']})" if run.get("status") else ""
    yield f"Run #{run.get('run_number', '?')}{ended}:"
    plan = run.get("plan") or {}
    if run.get("message"):
        yield f"Asked for: {run['message']}"
    if run.get("summary"):
        yield f"Done: {run['summary']}"
    if plan.get("summary") and plan["summary"] != run.get("summary"):
        yield f"Its plan: {plan['summary']}"
    yield from _listed("Steps of its plan:", (_step(step) for step in plan.get("steps", ())))
    if run.get("files"):
        yield f"Changed files: {', '.join(run['files'])}"
    if run.get("tests"):
        yield f"Tests: {run['tests']}"
    if run.get("error"):
        yield f"It ended with: {run['error']}"
    yield from _listed("People said:", run.get("comments", ()))


def _step(step: JSONObject) -> str:
    files = ", ".join(step.get("files", ()))
    return f"{step.get('title', '')} ({files})" if files else str(step.get("title", ""))


def _listed(title: str, entries: Iterable[str]) -> Iterator[str]:
    lines = [f"- {entry}" for entry in entries]
    if lines:
        yield "\n".join([title, *lines])


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - len(CUT)] + CUT
