"""A task becomes a reviewed commit, in one process."""

from __future__ import annotations

from pathlib import Path

from runs.actors import deliver_run, execute_run, plan_run
from runs.models import Artifact, TaskRun
from runs.models.run_state import Status

from .conftest import Tenant, git, types


def test_a_task_becomes_a_commit_on_its_own_branch(tenant: Tenant, empty_repo: Path) -> None:
    link = tenant.link(empty_repo, is_primary=True)
    run = tenant.run(tenant.task(repository_id=link.pk), auto_approve=True)
    for actor in (plan_run, execute_run, deliver_run):
        actor(str(run.pk))
    run = TaskRun.across_tenants.select_related("task").get(pk=run.pk)

    assert run.status == Status.COMPLETED, run.error
    assert run.results["tests"]["status"] == "passed"
    assert git("rev-parse", run.branch_name, cwd=empty_repo) == run.commit_sha
    assert run.branch_name == "mgx/create-a-fastapi-health-endpoint/run-1"
    diff = Artifact.objects.for_workspace(run.workspace_id).get(run=run, kind="diff")
    assert diff.size > 0
    seen = types(run)
    assert seen[0] == "run_queued" and seen[-1] == "completion"
    assert {"plan_ready", "approved", "patch_applied", "tests_finished", "review_finished", "commit_created"} <= set(seen)
    assert run.task.status == "completed" and run.task.runs_succeeded == 1
