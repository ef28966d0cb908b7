"""A repository on the tests' GitHub, linked to a tenant's project, and what other people do there."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from repositories.models import RepositoryLink
from runs.artifacts import load
from runs.models import Artifact, TaskRun
from runs.models.run_state import Status
from tests.support.github import USERS, GitHub
from tests.support.run_actors import work_on
from workspaces.models import Event

from ..support.team_script import TeamScript, plan, script
from .tenants import NEW, OLD, PRICES, Tenant

NUMBERS = count(1)
PATH = "shop/prices.py"
CODE = f"FILE: {PATH}\n{NEW}"
TAX = "FILE: shop/tax.py\ndef tax(price):\n    return price / 5\n"
README = {"README.md": "# Shop\n"}
CLASHING = {PATH: OLD.replace("sum(prices)", "round(sum(prices), 2)")}


@dataclass
class Hosted:
    tenant: Tenant
    github: GitHub
    repo: str = field(default_factory=lambda: f"octocat/hosted-{next(NUMBERS)}")

    def __post_init__(self) -> None:
        self.github.repository(self.repo, PRICES, private=True, access={"dev": "write", "stranger": "read"})
        RepositoryLink.objects.create(
            workspace_id=self.tenant.workspace.pk, project=self.tenant.project, provider="github",
            api_base_url=self.github.api_url, repo_full_name=self.repo, clone_url=f"{self.github.url}/{self.repo}.git",
            is_primary=True, credential=USERS["dev"], default_branch="main",
        )  # fmt: skip

    def start(self, name: str = "Let total() ignore None") -> TaskRun:
        return self.tenant.run(self.tenant.task(name, output_mode="patch_existing"), auto_approve=True)

    def configure(self, **fields: Any) -> None:
        """What the project wants of commits and pull requests."""
        for name, value in fields.items():
            setattr(self.tenant.project, name, value)
        self.tenant.project.save()

    def pulls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.github.api("GET", f"/repos/{self.repo}/pulls?state=all")
        return sorted(found, key=lambda pull: pull["number"])

    def push(self, files: dict[str, str], branch: str = "main") -> str:
        return self.github.push(self.repo, files, "by hand", branch=branch)

    def head(self, branch: str) -> str | None:
        return self.github.branch(self.repo, branch)

    def text(self, commit: str, path: str) -> str:
        return self.github.git(self.repo, "show", f"{commit}:{path}")


def team(*codes: str) -> TeamScript:
    """One answer per run, each a file."""
    codes = codes or (CODE,)
    paths = [code.partition("\n")[0].removeprefix("FILE: ") for code in codes]
    return script(code="", WriteCode=list(codes), DraftPlan=[plan(path) for path in paths])


def drive_to(run: TaskRun, status: Status) -> TaskRun:
    """As `drive`, up to a state in which there is work."""
    run.refresh_from_db()
    while run.status != status:
        work_on(run)
        run.refresh_from_db()
    return run


def said(run: TaskRun, kind: str) -> list[str]:
    """The messages of the run's events of a type."""
    rows = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, type=kind).order_by("seq")
    return list(rows.values_list("message", flat=True))


def diff_of(run: TaskRun) -> str:
    return load(Artifact.objects.for_workspace(run.workspace_id).get(run=run, name="changes.diff")).decode()
