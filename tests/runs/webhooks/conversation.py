"""What reviewers do on a pull request of ours, and runs that end without a worker having done them."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from mgx_project.common import clock
from runs.lifecycle import worker_transitions
from runs.models import TaskRun
from runs.models.run_state import Status
from tests.support.github import USERS

from ..story import Pull, Story, linked, newest
from ..tenants import Tenant

REVIEWS = count(70_001)
SOON = clock.now().replace(microsecond=0) + timedelta(hours=1)

__all__ = ["Conversation", "Pull", "Story", "linked", "newest", "soon"]


def soon(seconds: int) -> str:
    """A time behind every one that the forge gives by itself during this session, as GitHub writes it."""
    return f"{SOON + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


class Conversation:
    """On one pull request."""

    def __init__(self, story: Story, tenant: Tenant, name: str = "topic") -> None:
        self.story, self.tenant, self.pull = story, tenant, Pull(story, tenant, name)
        TaskRun.objects.for_workspace(tenant.workspace.pk).filter(pk=self.pull.run.pk).update(pr_url="https://github.example/1")
        self._path = f"/repos/{story.repo}/pulls/{self.pull.number}"

    @property
    def thread(self) -> dict[str, Any]:
        """As comments name it."""
        return {"number": self.pull.number, "title": "MGX", "body": "", "pull_request": {"url": "x"}}

    @property
    def runs(self) -> list[TaskRun]:
        """All but the one that opened the pull request."""
        found = TaskRun.objects.for_workspace(self.tenant.workspace.pk).filter(task=self.pull.task, run_number__gt=1)
        return list(found.order_by("run_number"))

    @property
    def asked(self) -> str:
        """What the newest run is told."""
        return str((self.runs[-1].revision or {})["asked"])

    def put(self, words: str, *, by: str = "dev", under: int = 0) -> dict[str, Any]:
        """A remark, of which nobody is told yet."""
        if under:
            made = self.story.github.api("POST", f"{self._path}/comments/{under}/replies", {"body": words}, token=USERS[by])
        else:
            place = {"commit_id": self.pull.sha, "path": "topic.md", "line": 1, "side": "RIGHT"}
            made = self.story.github.api("POST", f"{self._path}/comments", {"body": words, **place}, token=USERS[by])
        found: dict[str, Any] = made
        return found

    def remark(self, words: str, *, by: str = "dev", under: int = 0) -> int:
        """A single remark, delivered."""
        made = self.put(words, by=by, under=under)
        self.story.send(
            "pull_request_review_comment", by, action="created", pull_request={"number": self.pull.number},
            comment={**made, "pull_request_review_id": None},
        )  # fmt: skip
        return int(made["id"])

    def review(self, words: str, *, state: str = "commented", by: str = "dev") -> int:
        """A review of that text, delivered."""
        review = {"id": next(REVIEWS), "state": state, "body": words}
        pull = {"number": self.pull.number}
        self.story.send("pull_request_review", by, action="submitted", pull_request=pull, review=review)
        return int(review["id"])

    def finish(self, *, failed: bool = False) -> TaskRun:
        """The newest run ends, and its threads are answered, as a worker would."""
        run = self.runs[-1]
        TaskRun.objects.for_workspace(run.workspace_id).filter(pk=run.pk).update(status=Status.DELIVERING)
        if failed:
            worker_transitions.fail(run.pk, run.fence, "push_refused", "The push was refused.")
        else:
            for root in (run.revision or {}).get("threads", ()):
                self.ours("Changed.", under=root, marker=f"run-{run.pk}")
            worker_transitions.complete(run.pk, run.fence, results={})
        self.story.work_off()
        return run

    def ours(self, words: str, *, under: int, marker: str) -> None:
        self.put(f"{words}\n\n<!-- mgx:{marker} -->", by="octocat", under=under)

    def thread_replies(self) -> list[tuple[int, str]]:
        """(first remark, words) of all that we said in threads."""
        self.story.say()
        found = self.story.github.api("GET", f"{self._path}/comments?per_page=100")
        ours = [each for each in found if "<!-- mgx:" in each["body"]]
        return [(each["in_reply_to_id"], each["body"].partition("\n\n<!--")[0]) for each in ours]

    def signs(self, remark: int) -> set[str]:
        """The accounts that gave the remark a sign."""
        self.story.say()
        return {login for login, _ in self.story.github.state.reactions.get((self.story.repo, remark), set())}

    def comments(self) -> list[str]:
        """All that we said in the pull request's own thread."""
        return [text for text in self.story.comments(self.pull.number) if "<!-- mgx:" in text]

    def said(self) -> str:
        return "\n".join(self.comments())
