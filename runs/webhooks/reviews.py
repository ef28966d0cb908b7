"""Reviews of our pull requests, and single remarks on them: what asks for work starts a revision, what is unclear is asked
about in its thread, and praise starts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from repositories.hosting.base import HostedPullRequest, HostingClient, ReviewComment, SubmittedReview
from repositories.hosting.registry import provider_of
from repositories.hosting.webhook_events import CommentCommand, IssueThread, ReviewSubmitted
from repositories.models import RepositoryLink, WebhookDelivery
from tasks.models import Task
from workspaces.principal import Principal

from .. import services
from ..lifecycle import revisions
from ..lifecycle.revisions import Remark
from ..models import OutgoingComment, TaskRun
from ..models.run_state import RunOutcome
from ..notifications.pull_request_body import code
from ..notifications.status_comment_body import understood
from .closed import refusal
from .commands import run_command
from .effects import Effect, attempt, claim, once, say
from .review_reading import ReviewReading, read_review
from .waiting import has_waited, wait

ASK_THREAD = (
    "I am not sure whether this asks for a change, so I did nothing. Reply here with what should change, or with `yes` to have "
    "it done as written."
)
ASK_REVIEW = (
    "I am not sure what this review asks for, so I did nothing. To have something changed, comment `/mgx continue` and what."
)


@dataclass(frozen=True)
class _Seen:
    """What the service said of the pull request when the event was taken up."""

    pull: HostedPullRequest
    comments: Sequence[ReviewComment]
    review: tuple[int, SubmittedReview] | None


def take_up(
    link: RepositoryLink, host: HostingClient, who: Principal, event: ReviewSubmitted, delivery: WebhookDelivery
) -> bool:
    """Returns whether the delivery waits: for a run that is at work on the pull request, or for the first part of the review to
    be done."""
    parent = revisions.latest_of(link, event.number)
    if parent is None:
        once(link, event, 0, lambda: None)
        return False
    review = None if event.review is None else (event.review, _review(host, event, event.review))
    seen = _Seen(host.pull_request(event.number), host.review_comments(event.number), review)
    with transaction.atomic():
        if not claim(link, event.key) and not has_waited(delivery):
            return False
        Task.objects.for_workspace(link.workspace_id).select_for_update().get(pk=parent.task_id)
        return _ReviewUptake(link, who, event, delivery, seen).carry_out()


def _review(host: HostingClient, event: ReviewSubmitted, review_id: int) -> SubmittedReview:
    if event.verdict:
        return SubmittedReview(event.actor, event.words, event.verdict)
    return host.review(event.number, review_id)


class _ReviewUptake:
    """Of one event, under the lock of the task."""

    def __init__(
        self, link: RepositoryLink, who: Principal, event: ReviewSubmitted, delivery: WebhookDelivery, seen: _Seen
    ) -> None:
        self._link, self._who, self._event, self._delivery, self._seen = link, who, event, delivery, seen
        parent = revisions.latest_of(link, event.number)
        assert parent is not None, "its task is locked, so no run of it is deleted"
        self._parent = parent

    def carry_out(self) -> bool:
        reading = self._read()
        for remark, command in reading.commands:
            key = f"remark:{remark.id}" if remark.id else f"review:{remark.review}"
            if not self._replied_to(remark) and claim(self._link, f"{key}:command"):
                asked = CommentCommand(
                    self._event.actor, f"{key}:command", command.verb, command.words, self._thread,
                    happened_at=self._event.happened_at,
                )  # fmt: skip
                self._answer(f"{key}:command", remark, asked)
        is_open = self._seen.pull.state == "open"
        for remark in reading.unclear if is_open else ():
            if not self._replied_to(remark):
                key = f"ask:{remark.root}:{remark.id}" if remark.root else f"ask:review:{remark.review}"
                self._say(key, Effect(self._event.number, ASK_THREAD if remark.root else ASK_REVIEW, thread=remark.root))
        if not reading.asks:
            return False
        if not is_open:
            state = self._seen.pull.state
            said = " ".join(refusal(self._seen.pull, self._parent.task))
            self._say(f"{state}:{self._event.number}:{self._event.actor}", Effect(self._event.number, said))
            return False
        return self._work(reading)

    def _read(self) -> ReviewReading:
        provider = provider_of(self._link.provider)
        assert provider is not None, "it has sent the event"
        review = self._seen.review
        if review and review[1].author not in ("", self._event.actor):
            review = None
        return read_review(
            provider,
            self._seen.comments,
            review,
            self._event.actor,
            revisions.known_remarks(self._link, self._event.number),
            rule=self._parent.task.project.review_remarks,
            asked=self._asked_threads(),
        )

    def _work(self, reading: ReviewReading) -> bool:
        """Starts a run on as much as one can be told; the delivery waits with what is left, and with all of it while another
        run of the task is at work."""
        event, task = self._event, self._parent.task
        newest = TaskRun.objects.for_workspace(self._link.workspace_id).filter(task=task).order_by("-run_number").first()
        assert newest is not None
        count = _count(reading.asks)
        if not newest.is_final:
            said = f"{code(event.actor)} requested changes: {count} will be taken up when run #{newest.run_number} has ended."
            self._say(event.key, Effect(event.number, said, task))
            wait(self._delivery, task.pk)
            return True
        if has_waited(self._delivery) and newest.state.outcome is not RunOutcome.SUCCEEDED:
            said = (
                f"Run #{newest.run_number} is {newest.status}, so {count} of {code(event.actor)} that came after it began, or "
                "that it was not told, will not be taken up by themselves. They are with the next review, or ask with "
                "`/mgx continue` and what should change."
            )
            self._say(f"{event.key}:left", Effect(event.number, said))
            return False
        part, left = revisions.one_part(reading.asks)

        def start() -> Effect:
            run = services.revise_run(
                principal=self._who, run_id=self._parent.pk, revision=revisions.of_review(part, event.actor)
            )
            said = f"{code(event.actor)} requested changes: run #{run.run_number} is working on {_count(part)}"
            more = f", {len(left)} more follow when it has ended." if left else "."
            ignored = f" {_left_alone(reading.left)}" if reading.left else ""
            return Effect(event.number, f"{said}{more}{ignored}\n\n{understood(run)}".strip(), task)

        effect = attempt(event.number, event.actor, start)
        self._say(f"{event.key}:after-{newest.run_number}", effect)
        if left and effect is not None and effect.task is not None:
            wait(self._delivery, task.pk)
            return True
        return False

    @property
    def _thread(self) -> IssueThread:
        return IssueThread(self._event.number, "", "", "", is_pull_request=True)

    def _answer(self, key: str, remark: Remark, asked: CommentCommand) -> None:
        number, account = self._event.number, self._event.actor
        effect = attempt(
            number, account, lambda: run_command(self._link, self._who, asked, self._seen.pull), thread=remark.root
        )
        if effect is not None:
            self._say(key, Effect(number, effect.text, effect.task, remark.root))

    def _replied_to(self, remark: Remark) -> bool:
        """Whether we have said something in its thread since, so that it was taken up long ago."""
        return any(
            each.is_ours and each.reply_to == remark.root and each.id > remark.id for each in self._seen.comments if remark.root
        )

    def _asked_threads(self) -> set[int]:
        rows = OutgoingComment.objects.for_workspace(self._link.workspace_id).filter(
            link_id=self._link.pk, number=self._event.number, form=OutgoingComment.Form.REPLY, key__startswith="ask:"
        )
        return {thread for thread in rows.values_list("thread", flat=True) if thread is not None}

    def _say(self, key: str, effect: Effect | None) -> None:
        say(self._link, key, effect)


def _count(remarks: Sequence[Remark]) -> str:
    return "1 remark" if len(remarks) == 1 else f"{len(remarks)} remarks"


def _left_alone(count: int) -> str:
    return "1 remark asks for nothing." if count == 1 else f"{count} remarks ask for nothing."
