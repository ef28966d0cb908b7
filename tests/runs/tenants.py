"""A workspace with an owner and a project, and the small repository that most runs of the tests are about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.models import Project
from repositories.models import RepositoryLink
from runs import services
from runs.models import TaskRun
from tasks.models import Task
from workspaces.models import Membership, Role, User, Workspace
from workspaces.principal import Principal

OLD = "def total(prices):\n    return sum(prices)\n"
NEW = "def total(prices):\n    return sum(price for price in prices if price is not None)\n"
PRICES = {
    "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n",
    "shop/__init__.py": "",
    "shop/prices.py": OLD,
    "tests/test_prices.py": "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
}


@dataclass
class Tenant:
    workspace: Workspace
    user: User
    project: Project

    @property
    def principal(self) -> Principal:
        return Principal(user=self.user, workspace_id=self.workspace.pk, role=Role.OWNER)

    def task(self, description: str = "Create a FastAPI health endpoint", **fields: Any) -> Task:
        return Task.objects.create(
            workspace_id=self.workspace.pk, project=self.project, name=description[:60], description=description, **fields
        )

    def link(self, path: Path, **fields: Any) -> RepositoryLink:
        return RepositoryLink.objects.create(
            workspace_id=self.workspace.pk,
            project=self.project,
            repo_full_name=path.name,
            clone_url=f"file://{path}",
            **fields,
        )

    def run(self, task: Task | None = None, **options: Any) -> TaskRun:
        return services.create_run(principal=self.principal, task_id=(task or self.task()).pk, **options)


def make_tenant(slug: str) -> Tenant:
    user = User.objects.create_user(username=slug, password="correct horse battery")
    # The same id in every test: what the sandbox installed for the workspace stays in its cache.
    workspace = Workspace.objects.create(id=uuid.uuid5(uuid.NAMESPACE_DNS, slug), name=slug, slug=slug)
    Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    project = Project.objects.create(workspace=workspace, name="Default", slug="default")
    return Tenant(workspace, user, project)
