"""Every way into a final state writes the event of that end, last: clients that watch a run need one."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runs import services
from runs.lifecycle import change_set, user_decisions, worker_transitions
from runs.models import ChangeRound, TaskRun
from runs.models.run_state import FINAL, STATES, Status
from tests.conftest import CallerInTests
from tests.factories import TaskFactory, TaskRunFactory
from workspaces.event_registry import SCHEMAS
from workspaces.models import Event
from workspaces.principal import Principal

CHECKOUT = Path(__file__).resolve().parents[2]
FILE = {"path": "a.bin", "action": "modified", "added": 0, "removed": 0, "binary": True, "digest": "", "hunks": []}
End = Callable[[TaskRun, Principal], Any]


def reject_changes(run: TaskRun, by: Principal) -> None:
    change_set.store(run, 1, [FILE])
    ChangeRound.objects.create(workspace_id=run.workspace_id, run=run, number=1, tree="0" * 40)
    services.decide_changes(principal=by, run_id=run.pk, decisions=[{"path": "a.bin", "accepted": False}], done=True)


ENDS: dict[tuple[Status, Status], list[End]] = {
    **{(status, Status.CANCELLED): [
        lambda run, by: user_decisions.request_cancel(run.pk, by="ada"),
        lambda run, by: worker_transitions.finish_cancel(run.pk, run.fence),
        lambda run, by: services.close_task(workspace_id=by.workspace_id, task_id=run.task_id, merged=False, by="ada"),
    ] for status in STATES if status not in FINAL},
    **{(status, Status.FAILED): [lambda run, by: worker_transitions.fail(run.pk, run.fence, "internal", "It broke.")]
       for status in STATES if status not in FINAL},
    (Status.AWAITING_APPROVAL, Status.REJECTED): [
        lambda run, by: services.decide_plan(principal=by, run_id=run.pk, approved=False)
    ],
    (Status.AWAITING_CHANGES, Status.REJECTED): [reject_changes],
    (Status.DELIVERING, Status.COMPLETED): [lambda run, by: worker_transitions.complete(run.pk, run.fence, results={})],
}  # type: ignore[dict-item]  # fmt: skip
"""(state, final state) → the acts that lead from the one to the other."""


def test_every_way_to_an_end_is_tried_here() -> None:
    ways = {(status, end) for status, state in STATES.items() for end in state.successors & FINAL}
    assert ways == set(ENDS)


def test_every_final_state_names_its_event_and_no_other_does() -> None:
    assert {status for status, state in STATES.items() if state.end_event} == FINAL
    events = [STATES[status].end_event for status in FINAL]
    assert len(set(events)) == len(events) and set(events) <= set(SCHEMAS)


@pytest.mark.django_db
@pytest.mark.parametrize("end", sorted(FINAL))
def test_an_end_writes_its_event_last(owner: CallerInTests, end: Status) -> None:
    for (status, reached), acts in ENDS.items():
        for act in acts if reached == end else ():
            run = TaskRunFactory(workspace=owner.workspace, task=TaskFactory(workspace=owner.workspace), status=status, plan={})
            act(run, owner.principal)
            run.refresh_from_db()
            written = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).order_by("seq")
            last = written.last()
            assert (run.status, last and last.type) == (end, STATES[end].end_event), (status, end)
            assert last is not None and last.seq == run.last_seq and run.completed_at is not None


def test_a_final_state_is_saved_in_one_place_only() -> None:
    """`finish` writes the event: what sets `completed_at` beside it would not."""
    writers = []
    for path in sorted((CHECKOUT / "runs").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        assigned = [target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets]
        if any(isinstance(target, ast.Attribute) and target.attr == "completed_at" for target in assigned):
            writers.append(str(path.relative_to(CHECKOUT)))
    assert writers == ["runs/lifecycle/base.py"]
