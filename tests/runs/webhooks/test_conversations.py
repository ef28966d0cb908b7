"""Conversations on pull requests of ours, up to what a run is told: which words start one, where, and what is said instead."""

from __future__ import annotations

import pytest

from runs import services
from runs.models import TaskRun
from runs.models.run_state import Status

from ..conftest import Tenant
from .conversation import REVIEWS, Conversation, Story

ASKED = {"kind": "review", "asked": "Rename it."}


def test_praise_starts_nothing_and_an_unclear_remark_is_asked_about(talk: Conversation) -> None:
    for words in ("LGTM, thank you!", "Thanks, perfect!", "Looks good to me 👍", "Danke, sieht gut aus!"):
        talk.review(words)
        talk.remark(words)
    talk.review("Ship it!", state="approved")
    talk.remark("> Could you rename it?\n\nThanks, that's great!")
    assert (talk.runs, talk.thread_replies(), talk.said()) == ([], [], "")

    unclear = talk.remark("Hm, interesting.")
    (asked,) = talk.thread_replies()
    assert asked[0] == unclear and "not sure whether this asks for a change" in asked[1]
    talk.review("I wonder about the order.")
    assert "comment `/mgx continue` and what" in talk.said()
    declined = talk.remark("No, thanks.", under=unclear)
    assert (talk.runs, len(talk.thread_replies()), talk.signs(declined)) == ([], 1, {"octocat"}), "an answer gets a sign"

    other = talk.remark("The total of an empty list is 0 then?")
    assert len(talk.thread_replies()) == 2
    talk.remark("Yes, please!", under=other)
    (run,) = talk.runs
    assert "The total of an empty list is 0 then?" in talk.asked, "what was asked about is told with the yes"
    assert "Hm" not in talk.asked and "LGTM" not in talk.asked
    assert run.revision is not None and run.revision["threads"] == [other]


def test_an_unclear_answer_to_our_question_is_never_met_with_silence(talk: Conversation) -> None:
    """And never for ever with words, each of which another program may answer."""
    root = talk.remark("Hm, interesting.")
    answers = [talk.remark(f"I wonder {'so ' * number}much.", under=root) for number in range(1, 5)]
    talk.review("Nothing clear either.")
    (first, second) = talk.thread_replies()
    assert (first[0], second[0]) == (root, root)
    assert "not sure whether this asks for a change" in first[1] and "can't tell from this answer either" in second[1]
    assert [talk.signs(each) for each in (root, *answers)] == [set(), set(), *[{"octocat"}] * 3]
    for number in range(4):
        talk.review(f"I wonder about the order, {number}.")
    assert talk.said().count("not sure what this review asks for") == 2
    assert talk.runs == []
    talk.remark("Yes, please.", under=root)
    assert "(An answer in the thread of this remark of dev: Hm, interesting.)" in talk.asked
    talk.finish()
    # what a run was told of is settled: who is unclear in that thread later is asked anew
    talk.remark("Hm.", under=root)
    assert [words for thread, words in talk.thread_replies() if thread == root][-1] == first[1]
    talk.review("I wonder about the sign.")
    assert talk.said().count("not sure what this review asks for") == 3


def test_two_unclear_remarks_in_one_thread_are_asked_about_once(talk: Conversation) -> None:
    root = int(talk.put("Hm, interesting.")["id"])
    talk.put("And why?", under=root)
    talk.remark("Where is it?")
    assert [thread for thread, _ in talk.thread_replies()].count(root) == 1


def test_what_asks_for_nothing_is_counted_once(talk: Conversation) -> None:
    talk.put("Nice!")
    talk.put("Rename it.")
    talk.put("Love this.")
    talk.review("Thanks!", state="changes_requested")
    assert "3 remarks ask for nothing." in talk.said()
    talk.finish()
    talk.remark("Sort the keys.")
    assert (len(talk.runs), "ask for nothing" in talk.said(), "asks for nothing" in talk.said()) == (2, False, False)
    talk.finish()
    talk.remark("Great!")
    talk.remark("Add a test.")
    assert "1 remark asks for nothing." in talk.said()


def test_a_command_in_a_remark_or_a_review_is_carried_out(talk: Conversation) -> None:
    helped = talk.remark("/mgx help")
    unknown = talk.remark("/mgx frobnicate")
    coded = talk.remark("````\n```\n/mgx continue x\n```\n````")
    replies = dict(talk.thread_replies())
    assert talk.runs == []
    assert "Available commands:" in replies[helped] and "Unknown command" in replies[unknown]
    assert "not sure whether" in replies[coded], "a block of code alone"
    talk.review("/mgx cancel")
    assert "request of `dev` failed: This requires the role admin" in talk.said()
    asked = talk.remark("/mgx continue Name it better.")
    (run,) = talk.runs
    assert run.revision is not None
    assert (run.revision["threads"], run.revision["told"]) == ([asked], [asked])
    assert "Name it better." in talk.asked
    assert run.status == Status.QUEUED and not run.auto_approve, "its plan is posted: a writer may not approve"


def test_the_project_says_what_a_remark_without_a_command_is(talk: Conversation, tenant: Tenant) -> None:
    tenant.project.review_remarks = "commands"
    tenant.project.save()
    talk.review("Rename it.", state="changes_requested")
    talk.remark("Please add a test.")
    assert (talk.runs, talk.thread_replies()) == ([], [])
    tenant.project.review_remarks = "always"
    tenant.project.save()
    talk.remark("Thanks!")
    assert len(talk.runs) == 1, "the request of before is still open"
    talk.finish()
    talk.remark("Hm.")
    assert talk.asked == "topic.md:1: Hm."


def test_a_review_that_approves_or_asks_for_changes(talk: Conversation) -> None:
    """An approval may ask for something in words; what changes are requested with is work, but for praise."""
    talk.review("Hm.", state="approved")
    assert (talk.runs, talk.said()) == ([], "")
    talk.review("LGTM, but please rename it.", state="approved")
    assert talk.asked == "LGTM, but please rename it."
    talk.finish()
    talk.put("The order of the keys.")
    talk.put("Nice!")
    talk.review("See below.", state="changes_requested")
    assert talk.asked == "See below.\n\ntopic.md:1: The order of the keys."
    assert "1 remark asks for nothing." in talk.said()
    assert "- `topic.md:1`: The order of the keys." in talk.said(), "what was understood is said"
    talk.finish()
    talk.review("", state="changes_requested")
    assert len(talk.runs) == 2
    assert "not sure what this review asks for" in talk.said()


def test_replies_over_three_reviews_are_told_once_and_with_their_root(talk: Conversation) -> None:
    first = talk.remark("Say why None is ignored.")
    assert talk.asked == "topic.md:1: Say why None is ignored."
    talk.finish()
    # somebody else has answered in between: the thread is not settled by that
    other = talk.put("Rename the argument.")
    talk.put("I agree.", by="octocat", under=int(other["id"]))
    talk.remark("Please say it shorter.", under=first)
    assert "topic.md:1: Please say it shorter." in talk.asked
    assert "An answer in the thread of this remark of dev: Say why None is ignored." in talk.asked
    assert "topic.md:1: Rename the argument." in talk.asked
    assert talk.runs[-1].revision is not None and sorted(talk.runs[-1].revision["threads"]) == [first, other["id"]]
    talk.finish()
    third = talk.remark("Add a test.")
    assert talk.asked == "topic.md:1: Add a test.", "what earlier reviews asked for is not asked again"
    talk.finish()
    talk.review("Thanks, perfect!")
    assert len(talk.runs) == 3
    assert sorted(root for root, _ in talk.thread_replies()) == [first, first, other["id"], third]
    # a failed run's remarks are not asked again by themselves either, but by a retry
    talk.remark("Use a set here.")
    failed = talk.finish(failed=True)
    talk.remark("Drop the comment.")
    assert talk.asked == "topic.md:1: Drop the comment."
    assert failed.revision is not None and "Use a set here." in failed.revision["asked"]


def test_single_remarks_wait_for_the_run_that_is_at_work(talk: Conversation) -> None:
    ids = [talk.remark(words) for words in ("Rename it.", "Add a test.", "Say why.")]
    (run,) = talk.runs
    assert run.revision is not None and run.revision["told"] == ids[:1]
    assert "failed" not in talk.said()
    assert "1 remark will be taken up when run #2 has ended." in talk.said() or "2 remarks will be" in talk.said()
    late = talk.remark("Use `sum`.", under=ids[0])
    talk.finish()
    _, second = talk.runs
    assert second.revision is not None and second.revision["told"] == [*ids[1:], late], "our answer did not settle the late one"
    talk.finish()
    assert len(talk.runs) == 2

    # where the run is stopped by a person, what waited is not started behind that person's back
    talk.remark("Drop it.")
    waiting = talk.remark("Sort the keys.")
    services.cancel_run(principal=talk.tenant.principal, run_id=talk.runs[-1].pk)
    talk.story.work_off()
    assert len(talk.runs) == 3
    assert "Run #4 is cancelled, so 1 remark of `dev`" in talk.said()
    talk.remark("And say why.")
    assert talk.runs[-1].revision is not None and waiting in talk.runs[-1].revision["told"], "it is with the next review"


def test_remarks_that_wait_for_a_run_that_fails_are_taken_up_unless_it_goes_on(talk: Conversation) -> None:
    talk.remark("Rename it.")
    waiting = [talk.remark("Add a test."), talk.remark("Say why.")]
    talk.finish(failed=True)
    _, second = talk.runs
    assert second.revision is not None and second.revision["told"] == waiting
    assert "What run #2 was asked for, which failed, is not part of it." in talk.said()
    late = talk.remark("Sort the keys.")
    talk.finish(failed=True)
    assert len(talk.runs) == 2
    assert "Run #3 failed, like the one before it, so 1 remark of `dev`" in talk.said()
    talk.remark("Drop it.")
    assert talk.runs[-1].revision is not None and late in talk.runs[-1].revision["told"]


def test_a_long_review_is_worked_in_parts_and_only_what_was_told_is_answered(talk: Conversation) -> None:
    long = talk.put(f"Rename it. {'x' * 9_000}")
    ids = [int(long["id"]), *(int(talk.put(f"Fix number {number}.")["id"]) for number in range(44))]
    talk.review("Please work through all of these.", state="changes_requested")
    told: list[int] = []
    for _ in range(3):
        run = talk.runs[-1]
        assert run.revision is not None
        told += run.revision["told"]
        assert len(run.revision["asked"]) <= 12_000
        assert all(
            f"Fix number {ids.index(each) - 1}." in run.revision["asked"] for each in run.revision["told"] if each != ids[0]
        )
        assert run.revision["threads"] == run.revision["told"]
        if len(told) < 45:
            assert f"{45 - len(told)} more follow when it has ended." in talk.said()
        talk.finish()
    assert told == ids, "each once, in their order"
    assert len(talk.runs) == 3
    first = (talk.runs[0].revision or {})["asked"]
    assert "Please work through all of these." in first and "more characters of this remark were left out" in first
    assert "Please work" not in talk.asked
    assert sorted(root for root, _ in talk.thread_replies()) == sorted(ids)


@pytest.mark.parametrize("merged", [True, False])
def test_nothing_is_begun_on_a_pull_request_that_is_not_open(talk: Conversation, story: Story, merged: bool) -> None:
    """Whatever the delivery says of its state: the service is asked."""
    failed = {"name": "tests", "head_sha": talk.pull.sha, "status": "completed", "conclusion": "failure"}
    story.github.api("POST", f"/repos/{story.repo}/check-runs", {**failed, "output": {"title": "1 failed", "summary": "x"}})
    story.close(talk.pull.number, **({"merged": True} if merged else {"state": "closed"}))
    for words in ("/mgx continue Say why.", "/mgx plan", "/mgx run", "/mgx retry"):
        story.says(talk.thread, words)
    story.says(talk.thread, "Thanks!")
    asked = [talk.remark("Please rename it."), talk.remark("Add a test."), talk.remark("Hm.")]
    talk.review("Please rename it.", state="changes_requested")
    talk.remark("Thanks, perfect!")
    story.send(
        "check_suite", "octocat", action="completed", check_suite={"id": 1, "head_sha": talk.pull.sha, "conclusion": "failure"}
    )
    assert talk.runs == []
    talk.pull.task.refresh_from_db()
    assert (talk.pull.task.closed_at is not None, talk.pull.task.status) == (True, "completed" if merged else "cancelled")
    words = (
        "was merged, so nothing more is done on it. Open an issue" if merged else "is closed, so nothing is done on it. Reopen"
    )
    assert sum(words in text for text in talk.comments()) == 5, (
        "one for each command, and one for all that the reviewer asked for"
    )
    assert not {root for root, _ in talk.thread_replies()} & set(asked)
    story.says(talk.thread, "/mgx help")
    assert "Available commands:" in talk.said()


def test_a_run_that_waits_does_not_go_on_where_its_pull_request_was_merged(talk: Conversation, story: Story) -> None:
    """The service is asked, as its word of the merge may come later."""
    run_id = services.revise_run(principal=talk.tenant.principal, run_id=talk.pull.run.pk, revision=ASKED).pk
    mine = TaskRun.objects.for_workspace(talk.tenant.workspace.pk).filter(pk=run_id)
    path = f"/repos/{story.repo}/pulls/{talk.pull.number}"
    story.github.api("PATCH", path, {"draft": False})
    story.github.api("PUT", f"{path}/merge", {})
    for status, words in ((Status.AWAITING_APPROVAL, "/mgx approve"), (Status.PAUSED, "/mgx resume The key is there.")):
        mine.update(status=status)
        story.says(talk.thread, words)
        assert mine.get().status == status
    talk.remark("/mgx approve", by="octocat")
    assert sum("was merged, so nothing more is done" in text for text in talk.comments()) == 2
    mine.update(status=Status.AWAITING_APPROVAL)
    story.says(talk.thread, "/mgx cancel")
    assert mine.get().status == Status.CANCELLED


def test_a_review_that_was_dismissed_asks_for_nothing(talk: Conversation, story: Story) -> None:
    def dismiss(review: int, action: str = "dismissed") -> None:
        said = {"id": review, "state": "dismissed", "body": "Please rename it."}
        story.send("pull_request_review", "octocat", action=action, pull_request={"number": talk.pull.number}, review=said)

    talk.remark("Add a test.")
    dismiss(talk.review("Please rename it.", state="changes_requested"))  # while it waits for the run
    talk.finish()
    assert len(talk.runs) == 1
    first = next(REVIEWS)
    dismiss(first)  # the word of it comes first
    said = {"id": first, "state": "changes_requested", "body": "Please rename it."}
    story.send("pull_request_review", "dev", action="submitted", pull_request={"number": talk.pull.number}, review=said)
    dismiss(next(REVIEWS), action="edited")
    assert len(talk.runs) == 1
    talk.review("Please rename it.", state="changes_requested")
    assert len(talk.runs) == 2


def test_a_red_check_of_a_commit_that_is_not_the_head_repairs_nothing(talk: Conversation, story: Story) -> None:
    failed = {"name": "tests", "head_sha": talk.pull.sha, "status": "completed", "conclusion": "failure"}
    story.github.api("POST", f"/repos/{story.repo}/check-runs", {**failed, "output": {"title": "1 failed", "summary": "x"}})
    suite = {"id": 1, "head_sha": talk.pull.sha, "conclusion": "failure"}
    # while a run is at work, its commit will be the next head: the check waits, and is looked at again
    talk.remark("Rename it.")
    story.send("check_suite", "octocat", action="completed", check_suite=suite)
    assert len(talk.runs) == 1
    story.github.push(story.repo, {"topic.md": "other\n"}, "by hand", branch=talk.pull.branch)
    talk.finish()
    story.send("check_suite", "octocat", action="completed", check_suite=suite)
    assert len(talk.runs) == 1
    assert "failed" not in talk.said()
