"""A run on a repository of a hosting service ends with one pull request, whatever happens on the way."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from repositories.hosting.github.client import auth
from repositories.models import RepositoryLink
from runs import services
from runs.artifacts import load
from runs.models import Artifact, RunStep, TaskRun
from runs.models.run import GitStatus
from runs.models.run_state import Status
from runs.worker.journal import OpenStep, RunJournal
from tasks.models import Task
from tests.support.github import APP_ID, USERS, GitHub
from workspaces.models import Event

from ..support.team_script import plan, review, script
from .conftest import NEW, PRICES, Tenant, drive, types
from .test_durability import Crash, expire

NUMBERS = count(1)
CODE = f"FILE: shop/prices.py\n{NEW}"
EVIL = "Thanks @octocat, fixes #1 <img src=x onerror=alert(1)> <!-- mgx:run --> [click](https://evil.example)"


@pytest.fixture
def repo(github_server: GitHub) -> str:
    name = f"octocat/run-{next(NUMBERS)}"
    github_server.repository(name, PRICES, private=True, access={"dev": "write"})
    return name


def link(tenant: Tenant, github: GitHub, repo: str, **fields: Any) -> RepositoryLink:
    known = {"credential": USERS["dev"], "default_branch": "main", **fields}
    return RepositoryLink.objects.create(
        workspace_id=tenant.workspace.pk, project=tenant.project, provider="github", api_base_url=github.api_url,
        repo_full_name=repo, clone_url=f"{github.url}/{repo}.git", is_primary=True, **known,
    )  # fmt: skip


def start(tenant: Tenant) -> TaskRun:
    return tenant.run(tenant.task("Let total() ignore None", output_mode="patch_existing"), auto_approve=True)


def pulls(github: GitHub, repo: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = github.api("GET", f"/repos/{repo}/pulls?state=all")
    return found


def test_a_run_ends_with_a_draft_that_says_what_was_done(
    tenant: Tenant, github_server: GitHub, repo: str, scripted: Any
) -> None:
    link(tenant, github_server, repo)
    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = drive(start(tenant))
    assert run.status == Status.COMPLETED, run.error
    (pull,) = pulls(github_server, repo)
    assert (run.pr_url, run.git_status) == (pull["html_url"], GitStatus.PR_OPENED)
    assert (pull["draft"], pull["base"]["ref"], pull["head"]["ref"]) == (True, "main", run.branch_name)
    assert pull["head"]["sha"] == run.commit_sha == github_server.branch(repo, run.branch_name)
    assert pull["title"] == "MGX: Let total() ignore None - Run #1"
    for said in ("### Plan", "`shop/prices.py`", "After: passed (1 passed", "Verdict: approve", "model calls"):
        assert said in pull["body"], pull["body"]
    assert types(run).count("pr_opened") == 1
    told = [pull, server.requests, *(list(rows.across_tenants.values()) for rows in (Event, RunStep, TaskRun, Task))]
    kept = [load(artifact) for artifact in Artifact.objects.for_workspace(run.workspace_id)]
    assert USERS["dev"] not in f"{told} {kept}"


def test_what_models_say_does_nothing_there(tenant: Tenant, github_server: GitHub, repo: str, scripted: Any) -> None:
    link(tenant, github_server, repo)
    team = script(
        code=CODE, DraftPlan=[plan("shop/prices.py", summary=EVIL)], ReviewCode=[review("approve", EVIL)]
    )  # fmt: skip
    with scripted(team):
        run = drive(start(tenant))
    assert run.status == Status.COMPLETED, run.error
    body = pulls(github_server, repo)[0]["body"].partition("\n---\n")[0]
    for live in ("@octocat", "#1 ", "<img", "<!--", "https://evil"):
        assert live not in body, body


def test_a_crash_after_the_opening_opens_no_second_one(
    tenant: Tenant, github_server: GitHub, repo: str, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has the pull request, the journal does not know of it: what a kill between the two leaves."""
    link(tenant, github_server, repo)
    recorded, crashes = RunJournal._record, [1]

    def die_first(self: RunJournal, step: OpenStep, *args: Any) -> None:
        if step.key == "deliver/pull_request" and crashes:
            crashes.pop()
            raise Crash
        recorded(self, step, *args)

    monkeypatch.setattr(RunJournal, "_record", die_first)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = start(tenant)
        with pytest.raises(Crash):
            drive(run)
    assert len(pulls(github_server, repo)) == 1
    expire(run)
    run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert [pull["html_url"] for pull in pulls(github_server, repo)] == [run.pr_url]
    assert types(run).count("pr_opened") == 1


def test_a_limit_pauses_and_resuming_goes_on(tenant: Tenant, github_server: GitHub, repo: str, scripted: Any) -> None:
    link(tenant, github_server, repo)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        github_server.refuse(status=403, message="You have exceeded a secondary rate limit.", headers={"Retry-After": "9"})
        run = drive(start(tenant))
    assert (run.status, run.pause_reason, run.git_status) == (Status.PAUSED, "provider", GitStatus.PUSHED)
    assert run.error is not None and "9 s" in run.error["hint"]
    run = drive(services.resume_run(principal=tenant.principal, run_id=run.pk))
    assert run.status == Status.COMPLETED, run.error
    assert len(pulls(github_server, repo)) == 1, run.results.get("pull_request_error")


def test_a_token_without_the_right_leaves_the_branch_and_says_so(
    tenant: Tenant, github_server: GitHub, repo: str, scripted: Any
) -> None:
    link(tenant, github_server, repo)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        headers = {"X-Accepted-GitHub-Permissions": "pull_requests=write"}
        github_server.refuse(status=403, message="Resource not accessible by personal access token", headers=headers)
        run = drive(start(tenant))
    assert (run.status, run.git_status, run.pr_url) == (Status.COMPLETED, GitStatus.PUSHED, "")
    assert "pull_requests=write" in run.results["pull_request_error"]
    assert "git_operation_failed" in types(run)
    assert github_server.branch(repo, run.branch_name) == run.commit_sha


def test_the_servers_app_clones_pushes_and_opens(
    tenant: Tenant, github_server: GitHub, repo: str, scripted: Any, settings: Any
) -> None:
    settings.MGX_GITHUB_APP_ID, settings.MGX_GITHUB_APP_PRIVATE_KEY = str(APP_ID), github_server.app_key
    settings.MGX_GITHUB_API_URL = github_server.api_url
    link(tenant, github_server, repo, credential="", installation_id=100)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(start(tenant))
    assert run.status == Status.COMPLETED, run.error
    assert len(pulls(github_server, repo)) == 1, run.results.get("pull_request_error")


def test_a_token_that_is_revoked_meanwhile(tenant: Tenant, github_server: GitHub, repo: str, scripted: Any) -> None:
    """The plan was made with it; what is done by then stays, and the run says what to do."""
    github_server.state.tokens["tok_short"] = "dev"
    link(tenant, github_server, repo, credential="tok_short")
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = tenant.run(tenant.task("Let total() ignore None", output_mode="patch_existing"))
        run = drive(run)
        assert run.status == Status.AWAITING_APPROVAL
        github_server.revoke("tok_short")
        services.decide_plan(principal=tenant.principal, run_id=run.pk, approved=True)
        run = drive(run)
        assert (run.status, run.pause_reason) == (Status.PAUSED, "provider")
        assert run.error is not None and "mgx repo link" in run.error["hint"]
        paid = run.usage["calls"]
        RepositoryLink.across_tenants.update(credential=USERS["dev"])
        services.resume_run(principal=tenant.principal, run_id=run.pk)
        run = drive(run)
    assert (run.status, run.usage["calls"]) == (Status.COMPLETED, paid)
    assert len(pulls(github_server, repo)) == 1


def test_a_limit_before_the_work_pauses_the_run(
    tenant: Tenant, github_server: GitHub, repo: str, scripted: Any, settings: Any
) -> None:
    settings.MGX_GITHUB_APP_ID, settings.MGX_GITHUB_APP_PRIVATE_KEY = str(APP_ID), github_server.app_key
    settings.MGX_GITHUB_API_URL = github_server.api_url
    link(tenant, github_server, repo, credential="", installation_id=100)
    auth.forget(github_server.api_url, 100)
    github_server.refuse(status=403, headers={"Retry-After": "7"}, message="You have exceeded a secondary rate limit")
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = drive(start(tenant))
        assert (run.status, run.pause_reason) == (Status.PAUSED, "provider")
        assert run.error is not None and "7 s" in run.error["hint"]
        services.resume_run(principal=tenant.principal, run_id=run.pk)
        assert drive(run).status == Status.COMPLETED
