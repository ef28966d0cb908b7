"""Every line that is logged while a worker does a phase names the run, its task and its workspace, whoever logs it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from structlog.contextvars import get_contextvars

from runs.lifecycle import worker_transitions
from runs.models.run_state import Status
from tests.support.log_lines import logged

from .conftest import Tenant, drive


def test_lines_of_a_phase_name_the_run_the_task_and_the_workspace(
    tenant: Tenant, empty_repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tenant.link(empty_repo, is_primary=True)
    finish = worker_transitions.finish_planning

    def telling(*args: object, **kwargs: object) -> object:
        logging.getLogger("a.library").warning("from the thread of the database")
        return finish(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(worker_transitions, "finish_planning", telling)
    with logged() as lines:
        run = drive(tenant.run(tenant.task(repository_id=link.pk), auto_approve=True))
    assert run.status == Status.COMPLETED, run.error
    ids = {"run_id": str(run.pk), "task_id": str(run.task_id), "workspace_id": str(tenant.workspace.pk)}
    ended = lines.of("phase ended")
    assert [(line["phase"], line["status"]) for line in ended] == [
        ("plan", Status.APPROVED),
        ("execute", Status.DELIVERING),
        ("deliver", Status.COMPLETED),
    ]
    for line in [*ended, *lines.of("from the thread of the database")]:
        assert ids.items() <= line.items()
    assert len(lines.of("from the thread of the database")) == 1
    assert get_contextvars() == {}
