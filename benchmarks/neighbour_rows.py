"""Beside the server: a tenant with links that are due and runs that wait, all of them at the address given."""

from __future__ import annotations

import json
import sys

from benchmarks.django_side import workspace


def main(url: str, number: int) -> int:
    workspace()
    from django.utils import timezone

    from projects.models import Project
    from repositories.models import RepositoryLink
    from runs.models import TaskRun
    from tasks.models import Task
    from workspaces.models import User
    from workspaces.services import create_workspace

    user = User.objects.create_user(username="neighbour", password="correct horse battery")
    mine = create_workspace(owner=user, name="Neighbour", slug="neighbour")
    project = Project.objects.for_workspace(mine.pk).get(slug="default")
    runs = []
    for place in range(number):
        link = RepositoryLink.objects.create(
            workspace_id=mine.pk, project=project, repo_full_name=f"r{place}", clone_url=f"{url}/{place}.git", provider="git",
            refresh_due_at=timezone.now(),
        )  # fmt: skip
        task = Task.objects.create(workspace_id=mine.pk, project=project, name="x", description="x", repository_id=link.pk)
        runs.append(TaskRun(workspace_id=mine.pk, task=task, project_id=project.pk, run_number=1))
    return len(TaskRun.across_tenants.bulk_create(runs))


if __name__ == "__main__":
    print(json.dumps({"runs": main(sys.argv[1], int(sys.argv[2]))}))
