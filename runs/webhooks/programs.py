"""How much work other programs may begin: one that answers each of our comments would go on with us for ever.

Reviews, comments and labels of programs begin a few runs of a task, and so of its pull request, within a day
(`Project.program_runs`). People may begin more.
"""

from __future__ import annotations

from datetime import timedelta

from mgx_project.common import clock
from projects.models import Project
from repositories.models import RepositoryLink
from tasks.models import Task
from workspaces.principal import Principal

from ..models import TaskRun

WINDOW = timedelta(days=1)


def refusal(link: RepositoryLink, who: Principal, task: Task | None) -> str:
    """What is said where ``who`` is a program that may begin no run of the task now; "" where it may. ``task`` is None for an
    issue without one. Locks the task, so that two deliveries do not count the same runs."""
    if not who.is_program:
        return ""
    most: int = Project.objects.for_workspace(link.workspace_id).values_list("program_runs", flat=True).get(pk=link.project_id)
    begun = 0
    if task is not None:
        Task.objects.for_workspace(link.workspace_id).select_for_update().get(pk=task.pk)
        runs = TaskRun.objects.for_workspace(link.workspace_id).filter(task_id=task.pk, begun_by_program=True)
        begun = runs.filter(created_at__gt=clock.now() - WINDOW).count()
    if begun < most:
        return ""
    count = {0: "no runs", 1: "1 run"}.get(most, f"{most} runs")
    return (
        f"Other programs may begin {count} here within 24 hours (the project's setting `program_runs`), so nothing was done. "
        "A person may ask for it: `/mgx continue` and what should change."
    )


def key_of(number: int) -> str:
    """Of the answer that says so in the thread ``number``: it is given once a day, since a program may answer each one."""
    return f"programs:{number}:{clock.now():%Y-%m-%d}"
