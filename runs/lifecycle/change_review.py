"""Change review: if a project requires it, people decide on a finished change in rounds before it is delivered.

Accepted parts are delivered; rejected parts are removed, and with a comment the team writes something else instead. The next
round asks only about new parts.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from agent.checks.test_configuration import is_test_configuration
from mgx_project.common import clock
from mgx_project.common.errors import BadRequest, Conflict, InvalidTransition, NotFound
from projects.models import Project
from workspaces.event_log import Draft
from workspaces.models import User

from ..events import event_log
from ..models import ChangeRound, SteerMessage, TaskRun
from ..models.run_state import RunAction, Status
from . import change_set
from .base import finish, locked, save_state
from .change_set import JSON, WHOLE
from .repeated_changes import Closing, is_repeated
from .standing_decision import CHANGES, latest, with_standing

MAX_ROUNDS = 20
"""The limit of rounds with comments. After that the change can be accepted, reduced, or the run cancelled."""
MAX_NAMED = 200
"""The most files listed in an event."""


@dataclass(frozen=True)
class PendingReview:
    """A measured change whose round is not opened yet: ``decisions`` are carried over from the round before."""

    number: int
    tree: str
    files: list[JSON]
    decisions: JSON


# the worker's side


def is_required(run: TaskRun) -> bool:
    return bool(Project.objects.for_workspace(run.workspace_id).filter(pk=run.project_id, review_changes=True).exists())


def rounds(run: TaskRun) -> list[JSON]:
    """The decisions so far, as `agent.pipeline.carry_out` takes them."""
    began_after = run.planned_again.get("rounds", 0)  # what was decided before stands in the tree that it went on from
    decided = _rounds(run).exclude(decided_at=None).filter(number__gt=began_after).order_by("number")
    return [{"rejected": rejected, "comment": comment} for rejected, comment in decided.values_list("rejected", "comment")]


def prepare(run: TaskRun, tree: str, files: list[JSON]) -> PendingReview:
    """Stores the files of a round that may be opened (`open_round`)."""
    last = latest_round(run)
    number = last.number + 1 if last else 1
    change_set.store(run, number, files)
    # rounds of late messages have no files: decisions carry over from the last round that has some
    before = _with_files(run)
    taken_over = change_set.still_accepted(before.decisions, change_set.load(before), files) if before else {}
    return PendingReview(number, tree, files, taken_over)


def requeue_late_messages(run: TaskRun) -> bool:
    """Whether messages came after the last model call: executing then continues with them. Under the run's lock."""
    waiting = SteerMessage.objects.for_workspace(run.workspace_id).filter(run=run, step_key="")
    texts = list(waiting.order_by("number").values_list("text", flat=True))
    if not texts:
        return False
    last = latest_round(run)
    number = last.number + 1 if last else 1
    waiting.update(step_key=f"execute/changes/{number}")
    ChangeRound.objects.create(
        workspace_id=run.workspace_id, run=run, number=number, comment="\n\n".join(texts), decided_at=clock.now()
    )
    return True


def open_round(run: TaskRun, change: PendingReview | None) -> bool:
    """executing → awaiting_changes if there is something to decide. Under the run's lock; does not save the run."""
    if change is None or not change_set.pending(change.decisions, change.files):
        return False
    run.enter(Status.AWAITING_CHANGES)
    ChangeRound.objects.create(
        workspace_id=run.workspace_id, run=run, number=change.number, tree=change.tree, decisions=change.decisions
    )
    return True


def announcement(change: PendingReview) -> Draft:
    """The event of a round that was opened."""
    files = [
        {name: file[name] for name in ("path", "action", "added", "removed")}
        | {"hunks": len(file["hunks"]), "state": change_set.state_of(change.decisions, file)}
        | {"test_configuration": is_test_configuration(file["path"])}
        for file in change.files[:MAX_NAMED]
    ]
    data = {"round": change.number, "files": files, "more": max(0, len(change.files) - MAX_NAMED)}
    return Draft("changes_ready", data, f"The changes are ready for review: {_count(change.files)}.")


# the people's side


def latest_round(run: TaskRun) -> ChangeRound | None:
    found: ChangeRound | None = _rounds(run).order_by("-number").first()
    return found


def current_round(run: TaskRun) -> ChangeRound:
    """The latest round with files. Raises NotFound if there is none."""
    found = _with_files(run)
    if found is None:
        raise NotFound(
            "This run has no changes to decide on.", code="no_changes",
            hint="To see what a run changed: mgx diff. To decide on changes before they are delivered: "
            "mgx project update PROJECT --review-changes",
        )  # fmt: skip
    return found


def decide(
    run_id: uuid.UUID,
    *,
    workspace_id: uuid.UUID,
    user: User,
    number: int | None,
    entries: Sequence[Mapping[str, Any]],
    comment: str = "",
    accept_rest: bool = False,
    done: bool = False,
) -> TaskRun:
    """Stores decisions {path, hunk?, accepted, comment?}; later ones replace earlier ones until the round is ``done``.

    done: awaiting_changes → delivering (all accepted, no comment), rejected (all rejected, no comment) or executing again.
    Raises BadRequest for unknown parts, or undecided ones when done; Conflict for another round.
    """
    known = ChangeRound.objects.for_workspace(workspace_id).filter(run_id=run_id).order_by("-number")
    seen = known.first() if number is None else known.filter(number=number).first()
    files = change_set.load(seen, briefly=True) if seen else []
    with locked(run_id) as run:
        names_one = number is not None or bool(entries or accept_rest or comment)  # else it is about a round that is open
        if seen is not None and names_one and _is_closed(seen):
            closing = Closing(user.pk, comment, accept_rest) if done else None
            if is_repeated(seen, _with(seen.decisions, entries, files), entries, files, closing):
                return run
        try:
            current = _open(run, number)
        except Conflict as error:
            of_round = {} if seen is None or seen.decided_at is None else {"round": seen.number}
            raise with_standing(error, latest(run, CHANGES, **of_round)) from None
        if seen is None or seen.number != current.number:
            raise Conflict("The changes were replaced in the meantime. Read them again.", code="stale_changes")
        current.decisions = _with(current.decisions, entries, files)
        if not done:
            if comment:
                raise BadRequest("A comment on the whole change requires `done`.", field="comment")
            current.save(update_fields=["decisions"])
            return run
        if accept_rest:
            current.decisions = _all_accepted(current.decisions, files)
        if left := change_set.pending(current.decisions, files):
            raise BadRequest(
                f"{left} parts of the change are undecided.", field="done", code="undecided",
                hint=f"Accept or reject them, or accept all of them: mgx changes {str(run.pk)[:13]} --accept-all",
            )  # fmt: skip
        if conflict := change_set.in_the_way(current.decisions, files):
            back, there = conflict
            raise BadRequest(
                f"{back} can't come back while {there} stays: one of them is where the other's directory would be.",
                field="decisions", code="in_the_way", hint=f"Reject {there} too, or accept that {back} is deleted.",
            )  # fmt: skip
        current.rejected = change_set.rejections(current.decisions, files)
        current.comment, current.decided_by, current.decided_at = comment, user, clock.now()
        _close(run, current, files)
        return run


def _close(run: TaskRun, current: ChangeRound, files: list[JSON]) -> None:
    revision_wanted = bool(current.comment) or any(entry["comment"] for entry in current.rejected)
    nothing_left = all(change_set.state_of(current.decisions, file) == "rejected" for file in files)
    if revision_wanted and current.number >= MAX_ROUNDS:
        raise InvalidTransition(
            f"Run #{run.run_number} reached the limit of {MAX_ROUNDS} rounds. Accept the change, reject parts without comment, "
            "or cancel the run."
        )
    current.save(update_fields=["decisions", "rejected", "comment", "decided_by", "decided_at"])
    ends = not revision_wanted and nothing_left
    goes_on = Status.EXECUTING if revision_wanted or current.rejected else Status.DELIVERING
    run.enter(Status.REJECTED if ends else goes_on)
    assert current.decided_by is not None
    by = current.decided_by.get_username()
    data = {"by": by, "round": current.number, "feedback": current.comment, "files": _decided(current.decisions, files)}
    data["more"] = max(0, len(files) - MAX_NAMED)
    decided = ("changes_decided", data, _said(by, current, run))
    if ends:
        end = {"by": by, "feedback": "", "plan_version": run.plan_version}
        said = f"{by} rejected all of the changes, which ends the run."
        finish(run, data=end, message=said, preceded_by=decided)
    else:
        save_state(run)
        event_log.record(run, *decided)


def _is_closed(seen: ChangeRound) -> bool:
    """As it is now, under the run's lock."""
    seen.refresh_from_db()
    return seen.decided_at is not None


def _open(run: TaskRun, number: int | None) -> ChangeRound:
    current = latest_round(run)
    if RunAction.CHANGES not in run.state.actions or current is None:
        raise InvalidTransition(f"Run #{run.run_number} is {run.status} and has no changes to decide on.")
    if number not in (None, current.number):
        raise Conflict(
            f"You decided on round {number} of the changes, but the current round is {current.number}. Read the changes again.",
            code="stale_changes",
        )
    return current


def _with(decisions: JSON, entries: Sequence[Mapping[str, Any]], files: list[JSON]) -> JSON:
    known = {file["path"]: set(change_set.parts(file)) for file in files}
    found = {path: dict(of_file) for path, of_file in decisions.items()}
    for position, entry in enumerate(entries):
        path, hunk = entry["path"], entry.get("hunk")
        at = f"decisions.{position}"
        if path not in known:
            raise BadRequest(f"The change has no file {path}.", field=f"{at}.path", code="unknown_path")
        part = WHOLE if hunk is None else str(hunk)
        if part != WHOLE and part not in known[path]:
            detail = (
                f"{path} has no hunk {hunk}."
                if known[path] != {WHOLE}
                else f"{path} can only be accepted or rejected as a whole."
            )
            raise BadRequest(detail, field=f"{at}.hunk", code="unknown_hunk")
        said = {"accepted": entry["accepted"], "comment": str(entry.get("comment") or "").strip()}
        if said["accepted"] and said["comment"]:
            raise BadRequest(
                "An accepted part can't have a comment. Comment on a rejected part or on the whole change.",
                field=f"{at}.comment",
            )
        if part == WHOLE:
            found[path] = {WHOLE: said}
        else:
            found.setdefault(path, {})[part] = said
    return found


def _all_accepted(decisions: JSON, files: list[JSON]) -> JSON:
    accepted = {"accepted": True, "comment": ""}
    return {
        file["path"]: {part: change_set.verdict(decisions, file["path"], part) or accepted for part in change_set.parts(file)}
        for file in files
    }


def _decided(decisions: JSON, files: list[JSON]) -> list[JSON]:
    found = []
    for file in files[:MAX_NAMED]:
        verdicts = [change_set.verdict(decisions, file["path"], part) or {} for part in change_set.parts(file)]
        accepted = sum(bool(said.get("accepted")) for said in verdicts)
        comments = list(dict.fromkeys(said["comment"] for said in verdicts if said.get("comment")))
        found.append(
            {
                "path": file["path"], "state": change_set.state_of(decisions, file), "accepted": accepted,
                "rejected": len(verdicts) - accepted, "comments": comments,
            }
        )  # fmt: skip
    return found


def _said(by: str, current: ChangeRound, run: TaskRun) -> str:
    if run.status == Status.DELIVERING:
        return f"{by} accepted the changes."
    if run.status == Status.REJECTED:
        return f"{by} rejected the changes."
    what = f"rejected {len(current.rejected)} parts of the changes" if current.rejected else "requested changes"
    return f"{by} {what}. {current.comment}".rstrip()


def _with_files(run: TaskRun) -> ChangeRound | None:
    found: ChangeRound | None = _rounds(run).exclude(tree="").order_by("-number").first()
    return found


def _count(files: list[JSON]) -> str:
    added, removed = sum(file["added"] for file in files), sum(file["removed"] for file in files)
    return f"{len(files)} file{'' if len(files) == 1 else 's'}, +{added} −{removed}"


def _rounds(run: TaskRun) -> QuerySet[ChangeRound]:
    found: QuerySet[ChangeRound] = ChangeRound.objects.for_workspace(run.workspace_id).filter(run=run)
    return found
