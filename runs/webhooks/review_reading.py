"""What a reviewer's open remarks ask for. Pure: all that it needs is given."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from projects.models import Project
from repositories.hosting.base import ReviewComment, SubmittedReview
from repositories.hosting.comment_text import CommandText, CommentText
from repositories.hosting.provider import HostingProvider

from ..lifecycle.earlier_work import clip
from ..lifecycle.revisions import MAX_REMARK, KnownRemarks, Remark
from .remark_intent import Intent, intent_of

MAX_ROOT = 1_500
"""Characters of a thread's first remark that are told with an answer in it."""
MAX_ID = 2**63 - 1
Rule = Project.ReviewRemarks


@dataclass(frozen=True)
class ReviewReading:
    """``asks`` are requests for work. ``unclear`` are remarks whose author is to be asked. ``commands`` are others than
    `/mgx continue`, which makes its remark a request. ``left`` are those that ask for nothing, and ``declined`` those among
    them that answer so in a thread in which we have asked."""

    asks: Sequence[Remark] = ()
    unclear: Sequence[Remark] = ()
    commands: Sequence[tuple[Remark, CommandText]] = ()
    left: Sequence[Remark] = ()
    declined: Sequence[Remark] = ()


def read_review(
    provider: HostingProvider,
    comments: Sequence[ReviewComment],
    review: tuple[int, SubmittedReview] | None,
    account: str,
    told: KnownRemarks,
    *,
    rule: str,
    asked: Collection[int] = (),
    dismissed: Collection[int] = (),
) -> ReviewReading:
    """Of the remarks of ``account`` that no run was told yet, and of its review {id, words}, if any. ``asked`` are the first
    remarks of threads in which we have asked what is meant; remarks that came with one of the reviews ``dismissed`` ask for
    nothing any more."""
    verdict = review[1].verdict if review else "none"
    asks: list[Remark] = []
    unclear: list[Remark] = []
    commands: list[tuple[Remark, CommandText]] = []
    left: list[Remark] = []
    declined: list[Remark] = []
    for remark, said in _open_remarks(provider, comments, review, account, told, dismissed):
        command = said.command
        if command is not None and command.verb != "continue":
            commands.append((remark, command))
            continue
        if command is not None and (command.words or remark.root):
            asks.append(replace(remark, said=command.words or remark.said))
            continue
        answers = remark.root in asked and remark.id != remark.root
        intent = intent_of(said.prose, suggests=said.suggests, answers=answers)
        if not said.prose and not said.suggests:  # a quotation, a picture or code, and no word about it
            intent = Intent.UNCLEAR
        if rule == Rule.COMMANDS or intent in (Intent.PRAISE, Intent.NOTHING):
            left.append(remark)
            if answers and rule != Rule.COMMANDS:
                declined.append(remark)
        elif intent is Intent.ASKS or rule == Rule.ALWAYS or verdict == "changes":
            asks.append(remark)
        elif verdict == "approved" and not answers:
            left.append(remark)
        else:
            unclear.append(remark)
    if asks:  # words that ask for nothing by themselves say what the remarks are about
        asks = [*(remark for remark in unclear if remark.review), *asks]
        unclear = [remark for remark in unclear if not remark.review]
    empty = not (asks or commands or unclear) and rule != Rule.COMMANDS
    if review and verdict == "changes" and empty and review[0] not in told.reviews:
        unclear = [Remark(0, 0, "", "", review[1].body, review[0])]
    return ReviewReading(asks, unclear, commands, left, declined)


def _open_remarks(
    provider: HostingProvider,
    comments: Sequence[ReviewComment],
    review: tuple[int, SubmittedReview] | None,
    account: str,
    told: KnownRemarks,
    dismissed: Collection[int],
) -> Iterator[tuple[Remark, CommentText]]:
    if review and review[0] not in told.reviews:
        said = provider.comment_text(review[1].body)
        if not said.is_ours and review[1].body.strip():
            yield Remark(0, 0, "", _cut(review[1].body), said.prose, review[0]), said
    usable = sorted((each for each in comments if 0 < each.id <= MAX_ID), key=lambda each: each.id)
    roots = {each.id: each for each in usable}
    last_ours = {each.reply_to or each.id: each.id for each in usable if each.is_ours}
    for each in usable:
        root = each.reply_to or each.id
        if each.is_ours or each.author != account or each.id in told.remarks or not 0 < root <= MAX_ID:
            continue
        if each.review in dismissed:
            continue
        if root in told.answered and each.id < last_ours.get(root, 0):
            continue
        said = provider.comment_text(each.body)
        if not said.is_ours:
            first = roots.get(root, each)
            place = f"{first.path or each.path}:{first.line or each.line or '?'}"
            remark = Remark(each.id, root, place, _text(each, place, first), said.prose)
            yield remark, said


def _text(remark: ReviewComment, place: str, root: ReviewComment) -> str:
    text = f"{place}: {_cut(remark.body)}"
    if root.id == remark.id:
        return text
    return f"{text}\n(An answer in the thread of this remark of {root.author or 'somebody'}: {clip(root.body, MAX_ROOT)})"


def _cut(body: str) -> str:
    body = body.strip()
    if len(body) <= MAX_REMARK:
        return body
    return f"{body[:MAX_REMARK]}\n[{len(body) - MAX_REMARK:,} more characters of this remark were left out]"
