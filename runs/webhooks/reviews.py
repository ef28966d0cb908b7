"""Reviews of our pull requests, and single remarks on them: what asks for work starts a revision, what is unclear is asked
about in its thread, and praise starts nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from . import programs
from .closed import refusal
from .commands import STARTING, run_command
from .effects import Effect, attempt, claim, dismissed, mark_read, once, say
from .review_reading import ReviewReading, read_review
from .waiting import has_waited, wait

ASK_THREAD = (
    "I am not sure whether this asks for a change, so I did nothing. Reply here with what should change, or with `yes` to have "
    "it done as written."
)
ASK_AGAIN = (
    "I can't tell from this answer either whether something is to change, so I did nothing. `yes` has the remark done as "
    "written, `no` leaves it, and `/mgx continue` with what should change is always understood. I do not ask a third time: "
    "what else is said here gets 👀, or is done where it clearly asks for something."
)
ASK_REVIEW = (
    "I am not sure what this review asks for, so I did nothing. To have something changed, comment `/mgx continue` and what."
)
MAX_ASKED = 2
"""How often we ask in one thread, or about reviews as a whole between two runs: another program may answer each comment."""


@dataclass(frozen=True)
class _Seen:
    """What the service said of the pull request when the event was taken up."""

    pull: HostedPullRequest
    comments: Sequence[ReviewComment]
    review: tuple[int, SubmittedReview] | None
    dismissed: Collection[int]


def take_up(
    link: RepositoryLink, host: HostingClient, who: Principal, event: ReviewSubmitted, delivery: WebhookDelivery
) -> bool:
    """Returns whether the delivery waits: for a run that is at work on the pull request, or for the first part of the review to
    be done."""
    parent = revisions.latest_of(link, event.number)
    if parent is None:
        once(link, event, 0, lambda: None)
        return False
    comments = host.review_comments(event.number)
    gone = dismissed(link, {each.review for each in comments} | {event.review or 0})
    review = None if event.review is None or event.review in gone else (event.review, _review(host, event, event.review))
    seen = _Seen(host.pull_request(event.number), comments, review, gone)
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
        self._known = revisions.known_remarks(link, event.number)
        self._asked = self._asked_about()

    def carry_out(self) -> bool:
        reading = self._read()
        for remark, command in reading.commands:
            key = f"remark:{remark.id}" if remark.id else f"review:{remark.review}"
            if not self._replied_to(remark) and claim(self._link, f"{key}:command"):
                if command.verb in STARTING and (refused := programs.refusal(self._link, self._who, self._parent.task)):
                    self._say(programs.key_of(self._event.number), Effect(self._event.number, refused))
                    continue
                asked = CommentCommand(
                    self._event.actor, f"{key}:command", command.verb, command.words, self._thread,
                    happened_at=self._event.happened_at,
                )  # fmt: skip
                self._answer(f"{key}:command", remark, asked)
        is_open = self._seen.pull.state == "open"
        if is_open:
            self._ask_about(reading)
        if not reading.asks:
            return False
        if not is_open:
            state = self._seen.pull.state
            said = " ".join(refusal(self._seen.pull, self._parent.task))
            self._say(f"{state}:{self._event.number}:{self._event.actor}", Effect(self._event.number, said))
            return False
        return self._work(reading)

    def _ask_about(self, reading: ReviewReading) -> None:
        """The last unclear remark of each thread, and the reviews. Every answer to a question of ours gets a sign at least."""
        number, last = self._event.number, {remark.root or -remark.review: remark for remark in reading.unclear}
        for remark in last.values():
            if not remark.root:
                self._ask_about_review(remark)
                continue
            asked = self._asked.get(remark.root, set())
            if remark.id in asked or self._replied_to(remark):
                continue
            if len(asked) < MAX_ASKED:
                words = ASK_AGAIN if asked else ASK_THREAD
                self._say(f"ask:{remark.root}:{remark.id}", Effect(number, words, thread=remark.root))
            else:
                mark_read(self._link, number, remark.root, remark.id)
        for remark in reading.declined:
            mark_read(self._link, number, remark.root, remark.id)

    def _ask_about_review(self, remark: Remark) -> None:
        rows = OutgoingComment.objects.for_workspace(self._link.workspace_id).filter(
            link_id=self._link.pk,
            number=self._event.number,
            key__startswith="ask:review:",
            created_at__gt=self._parent.created_at,
        )
        if rows.count() < MAX_ASKED:
            self._say(f"ask:review:{remark.review}", Effect(self._event.number, ASK_REVIEW))

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
            self._known,
            rule=self._parent.task.project.review_remarks,
            asked=self._asked,
            dismissed=self._seen.dismissed,
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
        if has_waited(self._delivery) and (why := _why_it_ends(newest)):
            said = (
                f"{why}, so {count} of {code(event.actor)} that came after it began, or "
                "that it was not told, will not be taken up by themselves. They are with the next review, or ask with "
                "`/mgx continue` and what should change."
            )
            self._say(f"{event.key}:left", Effect(event.number, said))
            return False
        if refused := programs.refusal(self._link, self._who, task):
            self._say(programs.key_of(event.number), Effect(event.number, refused))
            return False
        part, left = revisions.one_part(reading.asks)
        passed = [remark for remark in reading.left if (remark.id, remark.review) not in self._known.left]

        def start() -> Effect:
            run = services.revise_run(
                principal=self._who, run_id=self._parent.pk, revision=revisions.of_review(part, event.actor, passed)
            )
            said = f"{code(event.actor)} requested changes: run #{run.run_number} is working on {_count(part)}"
            more = f", {len(left)} more follow when it has ended." if left else "."
            ignored = f" {_left_alone(len(passed))}" if passed else ""
            return Effect(event.number, f"{said}{more}{ignored}{_not_in_it(newest)}\n\n{understood(run)}".strip(), task)

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

    def _asked_about(self) -> dict[int, set[int]]:
        """First remark of a thread → the remarks there about which we have asked since a run was told of it."""
        rows = OutgoingComment.objects.for_workspace(self._link.workspace_id).filter(
            link_id=self._link.pk, number=self._event.number, form=OutgoingComment.Form.REPLY, key__startswith="ask:"
        )
        told: dict[int, int] = {}
        for each in self._seen.comments:
            if each.id in self._known.remarks:
                told[each.reply_to or each.id] = max(each.id, told.get(each.reply_to or each.id, 0))
        asked: dict[int, set[int]] = {}
        for thread, key in rows.values_list("thread", "key"):
            remark = int(key.rpartition(":")[2])
            if thread is not None and remark > told.get(thread, 0):
                asked.setdefault(thread, set()).add(remark)
        return asked

    def _say(self, key: str, effect: Effect | None) -> None:
        say(self._link, key, effect)


def _count(remarks: Sequence[Remark]) -> str:
    return "1 remark" if len(remarks) == 1 else f"{len(remarks)} remarks"


def _why_it_ends(newest: TaskRun) -> str:
    """Why remarks that waited for the run are not taken up by themselves; "" where they are. A person has stopped it, or it is
    the second in a row that failed, and a third one would cost as much for nothing."""
    number = newest.run_number
    match newest.state.outcome:
        case RunOutcome.STOPPED:
            return f"Run #{number} is {newest.status}"
        case RunOutcome.FAILED if _failed_before(newest):
            return f"Run #{number} failed, like the one before it"
    return ""


def _failed_before(newest: TaskRun) -> bool:
    runs = TaskRun.objects.for_workspace(newest.workspace_id).filter(task_id=newest.task_id, run_number__lt=newest.run_number)
    before = runs.order_by("-run_number").first()
    return before is not None and before.state.outcome is RunOutcome.FAILED


def _not_in_it(newest: TaskRun) -> str:
    failed = newest.state.outcome is RunOutcome.FAILED and newest.revision
    return f" What run #{newest.run_number} was asked for, which failed, is not part of it." if failed else ""


def _left_alone(count: int) -> str:
    return "1 remark asks for nothing." if count == 1 else f"{count} remarks ask for nothing."
