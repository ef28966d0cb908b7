"""Projects that are none of the catalogue's stacks: written, and not held to the rules of one that is near."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.prompt_blocks import read_block
from runs import services
from runs.models import TaskRun
from runs.models.run_state import Status

from ..support.team_script import plan, script
from .conftest import Tenant, drive, git
from .test_decisions import prompts

GO = (
    "FILE: go.mod\nmodule todo\n\ngo 1.22\n"
    "FILE: main.go\npackage main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"todo\") }\n"
)  # fmt: skip
FLASK = (
    "FILE: requirements.txt\nflask>=3\n"
    "FILE: shop.py\nfrom flask import Flask\n\napp = Flask(__name__)\n"
)  # fmt: skip
NOTHING = plan("shop.py", stack=None, stack_confidence=0.95)


def test_a_new_program_in_go_ends_in_a_commit(tenant: Tenant, empty_repo: Path, scripted: Any) -> None:
    link = tenant.link(empty_repo, is_primary=True)
    with scripted(script(code=GO, DraftPlan=[NOTHING])) as server:
        task = tenant.task("a command line todo app in Go", repository_id=link.pk)
        run = drive(tenant.run(task, auto_approve=True))
    assert run.status == Status.COMPLETED, run.error
    assert (run.stack, run.stack_confidence) == ("", 0.95)
    assert git("ls-tree", "-r", "--name-only", run.commit_sha, cwd=empty_repo).split() == ["go.mod", "main.go"]
    (asked,) = prompts(server, "DraftPlan")
    assert "express-ts: Express (TypeScript)" in read_block(asked, "catalogue")


def rejected(tenant: Tenant, repo: Path, opinion: str, scripted: Any) -> tuple[TaskRun, Any]:
    """A run whose first plan is for FastAPI, rejected as plain Python with Flask, and then carried out."""
    link = tenant.link(repo, is_primary=True)
    answers = [plan("requirements.txt", stack="fastapi", stack_confidence=0.8), opinion]
    with scripted(script(code=FLASK, DraftPlan=answers)) as server:
        run = drive(tenant.run(tenant.task("A Python web service that says hello", repository_id=link.pk)))
        assert (run.status, run.stack) == (Status.AWAITING_APPROVAL, "fastapi")
        said = "No, this is plain Python with Flask."
        services.decide_plan(principal=tenant.principal, run_id=run.pk, approved=False, feedback=said)
        run = drive(run)
        services.decide_plan(principal=tenant.principal, run_id=run.pk, approved=True, plan_version=run.plan_version)
        return drive(run), server


def test_a_rejection_that_names_another_framework_is_followed(tenant: Tenant, empty_repo: Path, scripted: Any) -> None:
    run, server = rejected(tenant, empty_repo, NOTHING, scripted)
    assert run.status == Status.COMPLETED, run.error
    assert run.stack == ""
    assert "shop.py" in git("ls-tree", "-r", "--name-only", run.commit_sha, cwd=empty_repo).split()
    second = prompts(server, "DraftPlan")[1]
    assert "FastAPI (fastapi)" not in second
    assert "plain Python with Flask" in read_block(second, "feedback")


def test_it_is_followed_against_the_model_too(tenant: Tenant, empty_repo: Path, scripted: Any) -> None:
    run, _ = rejected(tenant, empty_repo, plan("shop.py", stack="fastapi", stack_confidence=0.99), scripted)
    assert run.status == Status.COMPLETED, run.error
    assert run.stack == ""
