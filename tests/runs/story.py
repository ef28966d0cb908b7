"""People, checks and hooks of a repository, as tests drive them."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.db.models.functions import Now

from repositories.models import RepositoryLink, WebhookDelivery
from runs.models import OutgoingComment, TaskRun
from runs.models.run_state import Status
from runs.notifications import replies
from runs.webhooks import processing
from tests.support.github import USERS, GitHub

from ..repositories.webhooks.sending import SECRET, deliver
from ..support.team_script import script
from .tenants import NEW, PRICES, Tenant

NUMBERS = count(1)
CODE = f"FILE: shop/prices.py\n{NEW}"


def team(**answers: Any) -> Any:
    """A team that writes CODE, or ``answers`` by the name of their action."""
    return script(code=CODE, files=["shop/prices.py"], **answers)


class Story:
    """What people and checks do on the service, delivered as the service words it."""

    def __init__(self, github: GitHub, link: RepositoryLink) -> None:
        self.github, self.link, self.repo = github, link, link.repo_full_name
        self._sent = count(1)

    def send(self, event: str, sender: str, *, times: int = 1, kind: str = "User", **payload: Any) -> None:
        """Delivers, several times if asked, and works off what is waiting. ``kind`` is the sender's type of account."""
        whole = {"repository": {"full_name": self.repo}, "sender": {"login": sender, "type": kind}, **payload}
        name = f"{event}-{next(self._sent)}"
        for _ in range(times):
            assert deliver(self.link.pk, whole, event=event, delivery=name).status_code == 202
        self.work_off()

    def work_off(self) -> None:
        waiting = WebhookDelivery.objects.for_workspace(self.link.workspace_id).filter(processed_at=None)
        for delivery in waiting.exclude(waits_for__isnull=False, next_try_at__gt=Now()):
            processing.process(delivery.pk)
            delivery.refresh_from_db()
            assert delivery.processed_at is not None or delivery.waits_for is not None, delivery.error

    def say(self) -> None:
        """Says what is owed, without the pause that is between two edits of a comment."""
        OutgoingComment.across_tenants.filter(due_at__isnull=False).update(due_at=Now(), locked_until=None)
        while waiting := replies.waiting(100):  # of each workspace the first
            for row_id in waiting:
                replies.post_reply(row_id)

    def close(self, number: int, **change: Any) -> None:
        """Closes, merges or opens a pull request, and delivers word of it."""
        path = f"/repos/{self.repo}/pulls/{number}"
        if change.pop("merged", False):
            self.github.api("PATCH", path, {"draft": False})
            self.github.api("PUT", f"{path}/merge", {})
        else:
            self.github.api("PATCH", path, change)
        pull = self.github.api("GET", path)
        self.send(
            "pull_request", "octocat", times=3, action="reopened" if pull["state"] == "open" else "closed", pull_request=pull
        )

    def issue(self, title: str) -> dict[str, Any]:
        found: dict[str, Any] = self.github.api("POST", f"/repos/{self.repo}/issues", {"title": title, "body": "It crashes."})
        return found

    def says(self, thread: dict[str, Any], words: str, by: str = "octocat") -> dict[str, Any]:
        path = f"/repos/{self.repo}/issues/{thread['number']}/comments"
        comment: dict[str, Any] = self.github.api("POST", path, {"body": words}, token=USERS[by])
        self.send("issue_comment", by, action="created", issue=thread, comment=comment)
        return comment

    def comments(self, number: int) -> list[str]:
        self.say()
        return [comment["body"] for comment in self.github.api("GET", f"/repos/{self.repo}/issues/{number}/comments")]


class Pull:
    """A pull request that a run of ours has made."""

    def __init__(self, story: Story, tenant: Tenant, name: str) -> None:
        self.branch = f"mgx/{name}/run-1"
        self.sha = story.github.push(story.repo, {f"{name}.md": "x\n"}, name, branch=self.branch)
        wanted = {"title": name, "head": self.branch, "base": "main"}
        self.number: int = story.github.api("POST", f"/repos/{story.repo}/pulls", wanted)["number"]
        self.task = tenant.task(
            name, repository_id=story.link.pk, runs_total=1, status="completed", last_run_status="completed"
        )
        known = {"workspace_id": tenant.workspace.pk, "project_id": tenant.project.pk, "task": self.task, "run_number": 1}
        git = {"branch_name": self.branch, "commit_sha": self.sha, "pr_number": self.number, "base_branch": "main"}
        self.run = TaskRun.objects.create(
            **known, **git, repository_id=story.link.pk, status=Status.COMPLETED, created_by=tenant.user
        )

    @property
    def word(self) -> dict[str, Any]:
        return {"number": self.number, "state": "open"}

    def runs(self) -> int:
        return TaskRun.objects.for_workspace(self.task.workspace_id).filter(task=self.task).count()


def newest(link: RepositoryLink) -> TaskRun:
    found = TaskRun.objects.for_workspace(link.workspace_id).filter(task__repository_id=link.pk).order_by("-run_number").first()
    assert found is not None
    return found


def linked(github: GitHub, tenant: Tenant, repo: str = "", **fields: Any) -> Story:
    """``repo`` linked to the tenant's project; without one, a new private repository of octocat's, where dev may write and
    stranger reads."""
    if not repo:
        repo = f"octocat/story-{next(NUMBERS)}"
        github.repository(repo, PRICES, private=True, access={"dev": "write", "stranger": "read"})
    known = {
        "workspace_id": tenant.workspace.pk, "project": tenant.project, "provider": "github", "is_primary": True,
        "api_base_url": github.api_url,
        "repo_full_name": repo, "clone_url": f"{github.url}/{repo}.git",
        "default_branch": "main", "credential": USERS["octocat"], "webhook_secret": SECRET, "connected_by": tenant.user,
    }  # fmt: skip
    return Story(github, RepositoryLink.objects.create(**{**known, **fields}))
