"""Events of a run, numbered by the run's own row, so that numbers have no gaps and a stale worker can't write one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import JSONField
from psycopg.types.json import Jsonb

from mgx_project.common import transaction_ids
from mgx_project.common.rendering import dumps
from workspaces import event_log
from workspaces.event_log import Draft
from workspaces.models import Event

from ..errors import LeaseLost
from ..models import RunStep, TaskRun

_STEP = {
    "id": "uuid", "created_at": "timestamptz", "key": "text", "kind": "text", "attempt": "int", "input_digest": "text",
    "result": "jsonb", "tree": "text", "started_at": "timestamptz", "finished_at": "timestamptz",
}  # fmt: skip
_OF_ATTEMPT = ("attempt", "input_digest", "result", "tree", "started_at", "finished_at")
"""What another beginning of a step, and its end, change of its row."""
StepColumns = Mapping[str, Any]


def record(
    run: TaskRun, type: str, data: dict[str, Any], message: str = "", *, fence: int | None = None, replay_key: str | None = None
) -> Event:
    """Appends an event of ``run`` and sets ``run.last_seq``. Call it last in a transaction.

    Workers pass their ``fence``: if another worker has claimed the run since, raises LeaseLost and writes nothing.
    """
    (event,) = append(run, [Draft(type, data, message, replay_key)], fence=fence)
    return event


def append(
    run: TaskRun,
    drafts: Sequence[Draft],
    *,
    steps: Sequence[StepColumns] = (),
    fence: int | None = None,
    usage: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> list[Event]:
    """Writes ``steps`` (over what a row of that key has of its last attempt) and appends events, in one statement that locks
    first the run's row, then the workspace's. Sets ``run.last_seq``. Call it last in a transaction.

    ``usage`` replaces the usage shown by the run; ``facts`` are other columns of it. Raises LeaseLost, having written nothing,
    if ``fence`` is given and no longer the run's; RuntimeError outside a transaction.
    """
    facts = dict(facts or {})
    if usage is not None:
        facts["usage"] = usage
    events = event_log.unnumbered(
        drafts, workspace_id=run.workspace_id, project_id=run.project_id, task_id=run.task_id, run_id=run.pk
    )
    json_columns = {name for name in facts if isinstance(TaskRun._meta.get_field(name), JSONField)}
    values: dict[str, Any] = {name: Jsonb(value, dumps) if name in json_columns else value for name, value in facts.items()}
    values |= {"run": run.pk, "fence": fence, "workspace": run.workspace_id}
    values |= {f"step_{name}": [_shown(name, step[name]) for step in steps] for name in _STEP} if steps else {}
    values |= event_log.parameters(events) if events else {}
    with connection.cursor() as cursor:
        cursor.execute(_statement(tuple(facts), fence is not None, bool(steps), bool(events)), values)
        found = cursor.fetchone()
    if found is None:
        raise LeaseLost("This worker no longer owns the run.")
    run.last_seq, position, xid = found
    transaction_ids.note(xid)
    event_log.written(events, position=position, seq=run.last_seq)
    return events


def columns_of(step: RunStep) -> StepColumns:
    """As the step is now."""
    return {name: getattr(step, name) for name in _STEP}


def _shown(name: str, value: Any) -> Any:
    return dumps(value).decode() if name == "result" and value is not None else value


@lru_cache(maxsize=64)
def _statement(facts: tuple[str, ...], fenced: bool, steps: bool, events: bool) -> str:
    mine = f"id = %(run)s{' AND fence = %(fence)s' if fenced else ''}"
    changed = [*(f"{name} = %({name})s" for name in facts), *(["last_seq = last_seq + %(event_count)s"] if events else [])]
    parts = [
        f"mine AS (UPDATE task_runs SET {', '.join(changed)} WHERE {mine} RETURNING last_seq)" if changed
        else f"mine AS (SELECT last_seq FROM task_runs WHERE {mine} FOR NO KEY UPDATE)"
    ]  # fmt: skip
    if steps:
        listed = ", ".join(_STEP)
        arrays = ", ".join(f"%(step_{name})s::{type}[]" for name, type in _STEP.items())
        parts.append(
            f"recorded AS (INSERT INTO run_steps (workspace_id, run_id, {listed}) "
            f"SELECT %(workspace)s::uuid, %(run)s::uuid, {', '.join(f'step.{name}' for name in _STEP)} "
            f"FROM mine, unnest({arrays}) AS step({listed}) "
            f"ON CONFLICT (run_id, key) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _OF_ATTEMPT)})"
        )
    if events:
        parts += event_log.parts("mine.last_seq", of="mine")
    position = "(SELECT event_position FROM numbered)" if events else "NULL"
    return f"WITH {', '.join(parts)} SELECT last_seq, {position}, {transaction_ids.CURRENT} FROM mine"
