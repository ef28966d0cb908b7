"""A program of a test: upgrades the database of ``DATABASE_URL``, finishes its runs as a worker would, and prints what it saw.

A process of its own, since this one's settings name another database.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

django.setup()

from agent.runtime import bootstrap  # noqa: E402
from agent.stacks import store  # noqa: E402
from repositories.models import RepositoryLink  # noqa: E402
from runs import services  # noqa: E402
from runs.models import OutgoingComment, ProcessedWebhook, RunStep, TaskRun  # noqa: E402
from runs.models.run_state import Status  # noqa: E402
from runs.worker.journal import digest  # noqa: E402
from tests.runs.conftest import drive, small_stacks, types  # noqa: E402
from tests.runs.test_durability import expire  # noqa: E402
from workspaces.models import Membership, Role  # noqa: E402
from workspaces.principal import Principal  # noqa: E402

BEFORE = [("runs", "0010_run_turn"), ("repositories", "0004_identity_and_looks")]


def rows() -> dict[str, Any]:
    comments = OutgoingComment.across_tenants.order_by("key")
    return {
        "processed": sorted(ProcessedWebhook.across_tenants.values_list("key", flat=True)),
        "comments": {row.key: [str(row.pk), row.form, row.number, row.text, row.attempts] for row in comments},
        "due": sorted(comments.filter(due_at__isnull=False).values_list("key", flat=True)),
        "locked": sorted(comments.filter(locked_until__isnull=False).values_list("key", flat=True)),
        "sent": sorted(comments.filter(sent_at__isnull=False).values_list("key", flat=True)),
        "failed_validations": dict(RepositoryLink.across_tenants.values_list("repo_full_name", "failed_validations")),
    }


def upgrade() -> list[dict[str, Any]]:
    """To the newest schema, back to the one that it had, and there again."""
    call_command("migrate", verbosity=0)
    seen = [rows()]
    MigrationExecutor(connection).migrate(BEFORE)
    again = MigrationExecutor(connection)
    again.migrate(again.loader.graph.leaf_nodes())
    return [*seen, rows()]


def finish(run: TaskRun) -> dict[str, Any]:
    if run.status == Status.AWAITING_APPROVAL:
        membership = Membership.objects.select_related("user").get(workspace_id=run.workspace_id)
        owner = Principal(user=membership.user, workspace_id=run.workspace_id, role=Role(membership.role))
        services.decide_plan(principal=owner, run_id=run.pk, approved=True)
    else:
        expire(run)
    drive(run)
    return {"status": run.status, "error": run.error, "branch": run.branch_name, "usage": run.usage, "types": types(run)}


def main(shop: str) -> None:
    upgraded = upgrade()
    url = f"file://{shop}"  # the same repository where it is now, also for the step that checked it out
    RepositoryLink.across_tenants.filter(is_primary=True).update(clone_url=url)
    RunStep.across_tenants.filter(key="source").update(input_digest=digest({"url": url}))
    smaller = small_stacks()
    store.catalogue = lambda: smaller
    with tempfile.TemporaryDirectory() as directory:
        bootstrap(Path(directory))
        runs = TaskRun.across_tenants.select_related("task").order_by("created_at")
        finished = {run.status: finish(run) for run in list(runs)}
    print(json.dumps({"upgraded": upgraded, "finished": finished}))


if __name__ == "__main__":
    main(sys.argv[1])
