"""Rows for tests, valid and minimal. A tenant's rows share its workspace."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from projects.models import Project
from repositories.models import RepositoryLink
from runs.models import TaskRun
from tasks.models import Task
from workspaces.models import Membership, Role, User, Workspace

PASSWORD = "correct horse battery"


class RowFactory(DjangoModelFactory[Any]):
    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(model_class, "across_tenants", model_class._default_manager).create(*args, **kwargs)


class UserFactory(RowFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        return model_class.objects.create_user(*args, password=kwargs.pop("password", PASSWORD), **kwargs)


class WorkspaceFactory(RowFactory):
    class Meta:
        model = Workspace

    slug = factory.Sequence(lambda n: f"workspace-{n}")
    name = factory.LazyAttribute(lambda workspace: workspace.slug.title())


class MembershipFactory(RowFactory):
    class Meta:
        model = Membership

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.OWNER


class ProjectFactory(RowFactory):
    class Meta:
        model = Project

    workspace = factory.SubFactory(WorkspaceFactory)
    slug = factory.Sequence(lambda n: f"project-{n}")
    name = factory.LazyAttribute(lambda project: project.slug.title())


class TaskFactory(RowFactory):
    class Meta:
        model = Task

    project = factory.SubFactory(ProjectFactory, workspace=factory.SelfAttribute("..workspace"))
    workspace = factory.SubFactory(WorkspaceFactory)
    name = "Health endpoint"
    description = "Create a FastAPI health endpoint"


class TaskRunFactory(RowFactory):
    class Meta:
        model = TaskRun

    workspace = factory.SubFactory(WorkspaceFactory)
    task = factory.SubFactory(TaskFactory, workspace=factory.SelfAttribute("..workspace"))
    project_id = factory.SelfAttribute("task.project_id")
    run_number = factory.Sequence(lambda n: n + 1_000)


class RepositoryLinkFactory(RowFactory):
    class Meta:
        model = RepositoryLink

    workspace = factory.SubFactory(WorkspaceFactory)
    project = factory.SubFactory(ProjectFactory, workspace=factory.SelfAttribute("..workspace"))
    repo_full_name = factory.Sequence(lambda n: f"acme/service-{n}")
    clone_url = factory.LazyAttribute(lambda link: f"https://git.example.org/{link.repo_full_name}.git")
