"""What a run that continues another one is told of the work before it (`agent.ports.TaskSpec.earlier`).

It is read once, when the run is created: the runs that it is about have ended and do not change.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from ..models import Approval, ChangeRound, SteerMessage, TaskRun
from ..models.run_state import FINAL
from ..notifications.pull_request_body import summary_of

MAX_RUNS = 3
MAX_LOOKED_AT = 50
"""Newest runs of the task that are looked through for those of the branch."""
MAX_TASK = 6_000
MAX_TEXT = 2_000
MAX_COMMENT = 600
MAX_COMMENTS = 10
"""The newest comments of people about one run."""
MAX_FILES = 100
MAX_STEPS = 20
MAX_STEP_FILES = 20
MAX_LINE = 300


def earlier_work(run: TaskRun) -> dict[str, Any]:
    """Of ``run``, which has ended, and of those before it whose work is on its branch: at most three, the newest first."""
    ids = _ids(run)
    found = TaskRun.objects.for_workspace(run.workspace_id).in_bulk(ids)
    said = _comments(run.workspace_id, ids)
    newest, *older = [_told(found[each], said.get(each, ())) for each in ids]
    for entry in older:
        entry["plan"].pop("steps", None)  # the files say by now what came of them
    return {"task": clip(_wanted(run), MAX_TASK), **newest, "before": older}


def clip(text: object, most: int) -> str:
    whole = str(text or "").strip()
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def _wanted(run: TaskRun) -> str:
    task = run.task
    return task.description if task.description.startswith(task.name) else f"{task.name}\n\n{task.description}"


def _ids(run: TaskRun) -> list[uuid.UUID]:
    """Those of the branch and the ancestors that delivered something, and ``run`` whatever became of it."""
    of_task = TaskRun.objects.for_workspace(run.workspace_id).filter(task_id=run.task_id, status__in=FINAL)
    rows = list(
        of_task.only("pk", "parent_run_id", "branch_name", "git_status", "workspace_id").order_by("-run_number")[:MAX_LOOKED_AT]
    )
    parents = {row.pk: row.parent_run_id for row in rows}
    line, at = {run.pk}, run.parent_run_id
    while at is not None and at not in line:
        line.add(at)
        at = parents.get(at)
    kept = [
        row.pk for row in rows if row.pk == run.pk or (row.is_pushed and (row.pk in line or row.branch_name == run.branch_name))
    ]
    return kept[:MAX_RUNS] if run.pk in kept[:MAX_RUNS] else [*kept[: MAX_RUNS - 1], run.pk]


def _told(run: TaskRun, comments: Iterable[str]) -> dict[str, Any]:
    plan = run.plan or {}
    steps = [step for step in plan.get("steps") or () if isinstance(step, dict)][:MAX_STEPS]
    files = [file["path"] for file in run.results.get("files") or ()]
    return {
        "run_number": run.run_number,
        "status": str(run.status),
        "message": clip((run.revision or {}).get("asked"), MAX_TEXT),
        "summary": clip(summary_of(run), MAX_TEXT) if run.is_pushed else "",
        "plan": {
            "summary": clip(plan.get("summary"), MAX_TEXT),
            "steps": [
                {"title": clip(step.get("title"), MAX_LINE), "files": list(step.get("files") or ())[:MAX_STEP_FILES]}
                for step in steps
            ],
        },
        "files": files[:MAX_FILES] if run.is_pushed else [],
        "tests": clip(_tests(run), MAX_LINE),
        "error": clip((run.error or {}).get("detail"), MAX_LINE),
        "comments": [clip(text, MAX_COMMENT) for text in list(comments)[-MAX_COMMENTS:]],
    }


def _tests(run: TaskRun) -> str:
    tests = run.results.get("tests") or {}
    if not tests:
        return ""
    if tests.get("status") == "unavailable":
        return f"unavailable: {tests.get('reason') or 'no reason given'}"
    counts = ", ".join(f"{tests.get(name, 0)} {name}" for name in ("passed", "failed", "skipped"))
    verdict = (tests.get("proof") or {}).get("verdict")
    return f"{tests.get('status', 'unknown')} ({counts}){f', {verdict}' if verdict else ''}"


def _comments(workspace_id: uuid.UUID, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """By run, in the order in which people said them."""
    found = sorted(_said(workspace_id, list(ids)), key=lambda entry: entry[1])
    comments: dict[uuid.UUID, list[str]] = {}
    for run_id, _, text in found:
        if text.strip():
            comments.setdefault(run_id, []).append(text)
    return comments


def _said(workspace_id: uuid.UUID, ids: list[uuid.UUID]) -> Iterator[tuple[uuid.UUID, Any, str]]:
    """Run, time and words of every message, every decision about a plan and every one about the change."""
    mine = {"run_id__in": ids}
    yield from SteerMessage.objects.for_workspace(workspace_id).filter(**mine).values_list("run_id", "created_at", "text")
    yield from Approval.objects.for_workspace(workspace_id).filter(**mine).values_list("run_id", "created_at", "feedback")
    rounds = ChangeRound.objects.for_workspace(workspace_id).filter(**mine, decided_at__isnull=False)
    for run_id, when, comment, rejected in rounds.values_list("run_id", "decided_at", "comment", "rejected"):
        yield run_id, when, comment
        for part in rejected:
            yield run_id, when, f"{part['path']}: {part['comment']}" if part.get("comment") else ""
