"""What a project wants of its commits and pull requests, and what a service does not want."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runs import services
from runs.models import RunStep
from runs.models.run import GitStatus
from runs.models.run_state import Status
from workspaces.models import Event

from .conftest import Tenant, drive, git, types
from .hosted import CODE, Hosted, diff_of, drive_to, said, team

HEADERS = "%an <%ae>%n%cn <%ce>%n%B"


def test_author_and_co_author(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    hosted.configure(commit_author="Acme Bot <bot@acme.example>", commit_co_author="requester")
    user = hosted.tenant.user
    user.first_name, user.last_name, user.email = "Ada", "King <x>", "ada@acme.example"
    user.save()
    with scripted(team(CODE)):
        run = drive(hosted.start("Evil\nCo-authored-by: Eve <eve@evil.example> {run_number}"))
    assert run.status == Status.COMPLETED, run.error
    shown = hosted.github.git(hosted.repo, "show", "-s", f"--format={HEADERS}", run.commit_sha).splitlines()
    assert shown[:2] == ["Acme Bot <bot@acme.example>"] * 2
    assert shown[2:] == [
        "MGX Task: Evil Co-authored-by: Eve <eve@evil.example> {run_number} - Run #1",
        "",
        "Co-authored-by: Ada King x <ada@acme.example>",
    ]


def test_nobody_is_named_without_an_address(tenant: Tenant, shop: Path, scripted: Callable[..., Any]) -> None:
    tenant.link(shop, is_primary=True)
    tenant.project.commit_co_author = "requester"
    tenant.project.save()
    with scripted(team(CODE)):
        run = drive(tenant.run(tenant.task("Do it", output_mode="patch_existing"), auto_approve=True))
    assert git("show", "-s", "--format=%B", run.commit_sha, cwd=shop).strip() == "MGX Task: Do it - Run #1"


def test_signed(tenant: Tenant, shop: Path, tmp_path: Path, scripted: Callable[..., Any], settings: Any) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    settings.MGX_GIT_SIGNING_KEY = key.read_text()
    tenant.link(shop, is_primary=True)
    with scripted(team(CODE)):
        run = drive(tenant.run(tenant.task("Do it", output_mode="patch_existing"), auto_approve=True))
    assert run.status == Status.COMPLETED, run.error
    allowed = tmp_path / "allowed-signers"
    allowed.write_text(f"{settings.MGX_GIT_AUTHOR[1]} {key.with_suffix('.pub').read_text()}")
    git("-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", run.commit_sha, cwd=shop)
    secret = key.read_text().splitlines()[2]
    assert secret not in f"{list(Event.across_tenants.values())} {list(RunStep.across_tenants.values())}"


def test_a_key_of_another_type_ends_in_a_sentence(
    tenant: Tenant, shop: Path, tmp_path: Path, scripted: Callable[..., Any], settings: Any
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(key)], check=True)
    settings.MGX_GIT_SIGNING_KEY = key.read_text()
    tenant.link(shop, is_primary=True)
    with scripted(team(CODE)):
        run = drive(tenant.run(tenant.task("Do it", output_mode="patch_existing"), auto_approve=True))
    assert run.error is not None
    assert (run.error["code"], "ed25519" in run.error["detail"]) == ("bad_signing_key", True)


def test_labels_reviewers_and_a_pull_request_that_is_ready(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    hosted.configure(pr_draft=False, pr_labels=["mgx", "needs review"], pr_reviewers=["octocat"])
    with scripted(team(CODE)):
        run = drive(hosted.start())
        assert run.status == Status.COMPLETED, run.error
        (pull,) = hosted.pulls()
        assert not pull["draft"]
        assert sorted(label["name"] for label in pull["labels"]) == ["mgx", "needs review"]
        assert [user["login"] for user in pull["requested_reviewers"]] == ["octocat"]
        # what people change there stays as they want it
        hosted.github.api("PUT", f"/repos/{hosted.repo}/issues/{run.pr_number}/labels", {"labels": ["mgx"]})
        again = services.retry_run(principal=hosted.tenant.principal, run_id=run.pk, auto_approve=True)
        assert drive(again).status == Status.COMPLETED
    assert [label["name"] for label in hosted.pulls()[0]["labels"]] == ["mgx"]


def test_refused_reviewers_lose_nothing(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    hosted.configure(pr_labels=["mgx"], pr_reviewers=["nobody", "octocat", "dev", "octo-org/backend"])
    with scripted(team(CODE)):
        run = drive(hosted.start())
    assert (run.status, run.git_status) == (Status.COMPLETED, GitStatus.PR_OPENED), run.error
    (pull,) = hosted.pulls()
    assert [user["login"] for user in pull["requested_reviewers"]] == ["octocat"]
    assert [label["name"] for label in pull["labels"]] == ["mgx"]
    refusals = said(run, "git_operation_failed")
    assert [words.split(" was refused")[0] for words in refusals] == [
        "The reviewer nobody", "The reviewer dev", "The reviewer octo-org/backend"
    ]  # fmt: skip
    assert "pull request author" in refusals[1]


def test_a_protected_branch_keeps_the_work(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    hosted.github.protect(hosted.repo, "mgx/*")
    with scripted(team(CODE)):
        run = drive(hosted.start())
        assert (run.status, run.git_status) == (Status.FAILED, GitStatus.FAILED)
        assert run.error is not None
        assert run.error["code"] == "branch_protected"
        assert "At least 1 approving review" in run.error["detail"]
        assert "push_failed" in types(run)
        assert "if price is not None" in diff_of(run)
        hosted.github.unprotect(hosted.repo)
        retried = drive(services.retry_run(principal=hosted.tenant.principal, run_id=run.pk, auto_approve=True))
    assert retried.status == Status.COMPLETED, retried.error
    assert len(hosted.pulls()) == 1


@pytest.mark.parametrize("sentence", ["remote: Resolving deltas", "error: File big.bin is 120.00 MB; this exceeds the limit"])
def test_another_refusal_of_a_push_is_told_in_its_own_words(
    hosted: Hosted, scripted: Callable[..., Any], sentence: str
) -> None:
    hook = hosted.github.bare(hosted.repo) / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho '{sentence}' >&2\nexit 1\n")
    hook.chmod(0o755)
    with scripted(team(CODE)):
        run = drive_to(hosted.start(), Status.DELIVERING)
        run = drive(run)
    assert run.error is not None
    assert run.error["code"] == "push_refused"
    assert sentence.partition(": ")[2] in run.error["detail"]
