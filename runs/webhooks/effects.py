"""What came of an event: written once for its cause, together with the answer to it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from mgx_project.common import clock
from mgx_project.common.errors import MGXError
from repositories.hosting.webhook_events import DISMISSED, WebhookEvent
from repositories.models import RepositoryLink
from tasks.models import Task

from ..models import OutgoingComment, ProcessedWebhook
from ..models.outgoing_comment import ON_COMMENTS
from ..notifications.pull_request_body import code
from ..notifications.status_comment import queue_status_comment


@dataclass(frozen=True)
class Effect:
    """The outcome: ``text`` is the reply on the issue or pull request ``number``; with ``thread``, in that remark's thread.

    With a ``task``, and without a thread, it is shown in the status comment of that task; else it is a comment of its own.
    """

    number: int
    text: str
    task: Task | None = None
    thread: int = 0


def is_done(link: RepositoryLink, key: str) -> bool:
    return ProcessedWebhook.objects.for_workspace(link.workspace_id).filter(link_id=link.pk, key=key).exists()


def dismissed(link: RepositoryLink, reviews: Collection[int]) -> set[int]:
    """Those of ``reviews`` that were dismissed, so that nothing in them counts any more."""
    keys = {f"review:{review}{DISMISSED}": review for review in reviews if review}
    done = ProcessedWebhook.objects.for_workspace(link.workspace_id).filter(link_id=link.pk, key__in=keys)
    return {keys[key] for key in done.values_list("key", flat=True)}


def claim(link: RepositoryLink, key: str) -> bool:
    """Whether nobody has taken up the cause with this key: it is taken now. In the transaction of the effect."""
    _, new = ProcessedWebhook.objects.for_workspace(link.workspace_id).get_or_create(
        link_id=link.pk, key=key, defaults={"workspace_id": link.workspace_id}
    )
    return new


def once(link: RepositoryLink, event: WebhookEvent, number: int, act: Callable[[], Effect | None]) -> None:
    """Runs ``act`` and stores its key and reply in one transaction. A refusal is a reply too, in the thread ``number``."""
    with transaction.atomic():
        if claim(link, event.key):
            say(link, event.key, attempt(number, event.actor, act))


def attempt(number: int, account: str, act: Callable[[], Effect | None], *, thread: int = 0) -> Effect | None:
    """What ``act`` does; all of it is undone where it is refused, and the effect is then the refusal."""
    try:
        with transaction.atomic():
            return act()
    except MGXError as refused:
        said = f"The request of {code(account)} failed: {refused.detail} {refused.hint}".strip()
        return Effect(number, said, thread=thread)


def say(link: RepositoryLink, key: str, effect: Effect | None) -> None:
    """Queues the reply of an effect, unless the cause with this ``key`` has one. The comment of a command gets a reaction."""
    if effect is None:
        return
    form, due = OutgoingComment.Form.COMMENT, True
    if effect.thread:
        form = OutgoingComment.Form.REPLY
    elif effect.task is not None:
        form, due = OutgoingComment.Form.REACTION, key.startswith(ON_COMMENTS)
        queue_status_comment(link.workspace_id, link.pk, effect.task.pk, effect.number)
    fields = {"number": effect.number, "text": effect.text, "thread": effect.thread or None}
    task_id = effect.task and effect.task.pk
    _queue(link, key, form=form, task_id=task_id, due_at=clock.now() if due else None, **fields)


def mark_read(link: RepositoryLink, number: int, thread: int, remark: int) -> None:
    """Queues a reaction to a remark in a thread of the pull request ``number``: an answer that no program answers again."""
    _queue(link, f"read:{remark}", form=OutgoingComment.Form.REACTION, number=number, thread=thread, due_at=clock.now())


def _queue(link: RepositoryLink, key: str, **fields: Any) -> None:
    OutgoingComment.objects.for_workspace(link.workspace_id).get_or_create(
        link_id=link.pk, key=key, defaults={"workspace_id": link.workspace_id, **fields}
    )
