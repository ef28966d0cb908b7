"""Independent parts of a plan on the server: written at the same time, kept in the journal, paid for one by one."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from runs.models import RunStep
from runs.models.run_state import Status
from workspaces.models import LedgerEntry

from ..support.patience import SOON
from ..support.team_script import plan, script
from .conftest import NEW, Tenant, drive, git, types

STEPS = [
    {"title": "Prices", "files": ["shop/prices.py", "shop/taxes.py"], "kind": "modify"},
    {"title": "Names", "files": ["shop/names.py", "shop/titles.py"], "kind": "create"},
]
PRICES = f"FILE: shop/prices.py\n{NEW}\nFILE: shop/taxes.py\nTAX = 2\n"
NAMES = "FILE: shop/names.py\nNAME = 1\n\nFILE: shop/titles.py\nTITLE = 1\n"


def test_parts_are_written_at_the_same_time_and_land_as_one(tenant: Tenant, shop: Path, scripted: Any) -> None:
    barrier = threading.Barrier(2, timeout=SOON)

    def part(messages: list[Any]) -> str:
        barrier.wait()  # passes only when both are being answered
        return PRICES if "only that: step 1." in messages[-1]["content"] else NAMES

    link = tenant.link(shop, is_primary=True)
    task = tenant.task(
        "Let total() ignore prices that are None", repository_id=link.pk, output_mode="patch_existing",
        config={"parallel_steps": 2},
    )  # fmt: skip
    with scripted(script(code="", DraftPlan=[plan(steps=STEPS)], WritePart=[part])):
        run = drive(tenant.run(task, auto_approve=True))

    assert run.status == Status.COMPLETED, run.error
    named = git("diff", "--name-only", "main", run.branch_name, cwd=shop).split()
    assert named == ["shop/names.py", "shop/prices.py", "shop/taxes.py", "shop/titles.py"]
    keys = set(RunStep.objects.for_workspace(run.workspace_id).filter(run=run).values_list("key", flat=True))
    assert {"execute/write/0/1", "execute/write/0/2", "execute/apply/0"} <= keys
    assert types(run).count("patch_applied") == 1
    assert run.usage["calls"] == LedgerEntry.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).count() == 5
