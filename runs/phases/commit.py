"""Branch name, author and other settings of a run's commit, which a replay makes with the same SHA."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.text import slugify

from agent.errors import AgentError
from agent.ports import Journal, JSONObject, StepEvent
from mgx_project.common import clock
from projects.models import Project
from repositories.git.checkout import Checkout

from ..models import TaskRun
from ..models.run import GitStatus
from ..worker.execution import Execution
from ..worker.journal import RunJournal
from .commit_message import commit_message, fitted_message, pull_request_title

MAX_SLUG = 50
LATIN = str.maketrans("ıłŁđĐøØ", "ilLdDoO") | str.maketrans({"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe"})
"""Letters without a Unicode decomposition, which `slugify` would drop; of all others it keeps the base letter."""


@dataclass(frozen=True)
class DeliverySettings:
    """The project's settings for commits and pull requests, as they were when the delivery began."""

    now: str
    message: str
    title: str | None
    """Of the pull request; None where the delivery began before this was recorded."""
    author: tuple[str, str]
    draft: bool
    labels: tuple[str, ...]
    reviewers: tuple[str, ...]


async def load_delivery_settings(work: Execution, journal: Journal, root: Path) -> DeliverySettings:
    """``root`` is the workdir, of whose repository the commits are read where there is a message to fit to their style."""
    said = await fitted_message(work.run, root, journal)

    async def read() -> JSONObject:
        project = work.run.task.project
        return {
            "now": clock.now().replace(microsecond=0).isoformat(),
            "message": await work.db(commit_message, work.run, said),
            "title": await work.db(pull_request_title, work.run, said),
            "author": list(author(project)),
            "draft": project.pr_draft,
            "labels": project.pr_labels,
            "reviewers": project.pr_reviewers,
        }

    found = await journal.step("deliver/wishes", "read", {}, read)
    name, email = found["author"]
    return DeliverySettings(
        now=found["now"],
        message=found["message"],
        title=found.get("title"),
        author=(name, email),
        draft=found["draft"],
        labels=tuple(found["labels"]),
        reviewers=tuple(found["reviewers"]),
    )


async def commit(
    work: Execution,
    journal: RunJournal,
    checkout: Checkout,
    delivery: DeliverySettings,
    *,
    tree: str,
    parent: str,
    branch: str,
    delivered: str = "",
) -> str:
    """The id of the commit of ``tree`` on ``parent``, announced once; or ``delivered``, where that is on the branch
    already. Raises AgentError if a replay gives another id."""
    at = parse_datetime(delivery.now)
    assert at is not None
    made = partial(checkout.commit, tree, message=delivery.message, author=delivery.author, date=at, parent=parent)

    here: list[str] = []

    async def act() -> JSONObject:
        if delivered:
            return {"commit_sha": delivered, "signature": ""}
        key = settings.MGX_GIT_SIGNING_KEY
        here.append(sha := await made(key=key))
        return {"commit_sha": sha, "signature": await checkout.signature(sha) if key else ""}

    def committed(result: JSONObject) -> StepEvent:
        data = {"commit_sha": result["commit_sha"], "message": delivery.message, "branch_name": branch}
        return StepEvent("commit_created", data, f"Commit {result['commit_sha'][:10]}: {delivery.message.splitlines()[0]}")

    inputs = {"tree": tree, "parent": parent, "message": delivery.message, "author": list(delivery.author)}
    recorded = await journal.step("deliver/commit", "git", inputs, act, announce=committed, local=True)
    # Made again on a worker that has another clone: the same tree, parent, date, words and signature give the same commit.
    sha = delivered or (here[0] if here else await made(signature=recorded["signature"]))
    if sha != recorded["commit_sha"]:
        raise AgentError(f"The commit has the id {sha}, but {recorded['commit_sha']} was announced.", code="commit_differs")
    work.buffer.note(commit_sha=sha, git_status=GitStatus.COMMITTED)
    return sha


def branch_name(run: TaskRun, *, distinct: bool = False, prefix: str = "") -> str:
    """`{prefix}/{task-slug ≤ 50}/run-{n}`, the task's id for a name without ASCII letters; a revision has its parent's. A
    ``distinct`` one has the task's id beside its name: another task of that name may have taken the plain one. ``prefix`` is
    by default the project's."""
    if run.continues_branch:
        return run.branch_name
    short = str(run.task_id)
    slug = slugify(run.task.name.translate(LATIN))[:MAX_SLUG].strip("-") or short[:8]
    # ids begin with the time: their end tells tasks apart that were made together
    slug = f"{slug[: MAX_SLUG - 13].strip('-')}-{short[-12:]}" if distinct else slug
    return f"{prefix or run.task.project.run_branch_prefix}/{slug}/run-{run.run_number}"


def author(project: Project) -> tuple[str, str]:
    """Name and address of the project, or else of the server."""
    name, _, address = project.commit_author.rpartition(" <")
    return (name, address.rstrip(">")) if name else settings.MGX_GIT_AUTHOR
