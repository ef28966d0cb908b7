"""What the team wrote is tested, reviewed and committed, be it ignored by the repository; what commands left never is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runs import services
from runs.models import TaskRun
from runs.models.run_state import Status

from ..support.team_script import script
from .conftest import NEW, Tenant, drive, git
from .test_decisions import prompts
from .test_ends import edit

RULES = ".env*\ndata/\nlib/\n*.local\nbuild/\n.vscode/\n"
HELPER = "lib/deep/helper.py"
WRITTEN = {
    HELPER: "def two():\n    return 2\n",
    "lib/deep/__init__.py": "",
    "lib/__init__.py": "",
    "data/prices.json": '{"tea": 3}\n',
    ".env.example": "PRICES=data/prices.json\n",
    "build/cli.local": "x\n",
    ".vscode/tasks.json": "{}\n",
}
PROOF = """import json
import pathlib

from lib.deep.helper import two
from shop.prices import total


def test_what_was_written_is_here():
    assert total([two(), json.loads(pathlib.Path("data/prices.json").read_text())["tea"]]) == 5
    for name in ("data/junk.bin", "lib/junk.py", "package-lock.json", ".env"):
        pathlib.Path(name).write_text("left by a command")
"""
ALL = {**WRITTEN, "shop/prices.py": NEW, "tests/test_written.py": PROOF}
CODE = "".join(f"FILE: {path}\n````text\n{text}````\n" for path, text in ALL.items())


@pytest.fixture
def ignoring(shop: Path) -> Path:
    (shop / ".gitignore").write_text(RULES)
    git("add", "-A", cwd=shop)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "rules", cwd=shop)
    return shop


def changed(run: TaskRun, shop: Path) -> set[str]:
    return set(git("diff", "--name-only", "main", run.branch_name, cwd=shop).split())


def test_a_new_file_that_is_ignored_is_tested_reviewed_and_committed(tenant: Tenant, ignoring: Path, scripted: Any) -> None:
    with scripted(script(code=CODE, files=list(ALL))) as server:
        run = drive(edit(tenant, ignoring))
        (asked,) = prompts(server, "ReviewCode")
    assert run.status == Status.COMPLETED, run.error
    assert run.results["tests"]["status"] == "passed", run.results["tests"]
    assert all(f"b/{path}" in asked for path, text in WRITTEN.items() if text)
    assert changed(run, ignoring) == set(ALL) == {file["path"] for file in run.results["files"]}
    assert git("show", f"{run.branch_name}:{HELPER}", cwd=ignoring) + "\n" == WRITTEN[HELPER]


def test_what_people_accept_of_an_ignored_file_is_committed(tenant: Tenant, ignoring: Path, scripted: Any) -> None:
    tenant.project.review_changes = True
    tenant.project.save()
    with scripted(script(code=CODE, files=list(ALL))):
        run = drive(edit(tenant, ignoring))
        assert run.status == Status.AWAITING_CHANGES, run.error
        rejected = [{"path": path, "accepted": False} for path in (".vscode/tasks.json", "build/cli.local")]
        services.decide_changes(principal=tenant.principal, run_id=run.pk, decisions=rejected, done=True, accept_rest=True)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert changed(run, ignoring) == set(ALL) - {".vscode/tasks.json", "build/cli.local"}


def test_a_tracked_file_in_a_folder_of_builds_is_seen_and_changed(tenant: Tenant, ignoring: Path, scripted: Any) -> None:
    places = ("bin/tool.py", "build/steps.py", "vendor/patched.py")
    for path in places:
        (ignoring / path).parent.mkdir()
        (ignoring / path).write_text("A = 1\n")
    git("add", "-f", *places, cwd=ignoring)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "tools", cwd=ignoring)
    with scripted(script(code="".join(f"FILE: {path}\nA = 2\n" for path in places), files=list(places))) as server:
        run = drive(edit(tenant, ignoring))
        (asked,) = prompts(server, "DraftPlan")
    assert run.status == Status.COMPLETED, run.error
    assert all(path in asked for path in places)
    assert changed(run, ignoring) == set(places)
