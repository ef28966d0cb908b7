"""Threads, long reviews and reviewers beside each other: each remark is told once, with what it answers, to the run that it
asks for, and a thread is answered for what a run was told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from runs import retention
from runs.models import ProcessedWebhook
from tests.support.github import USERS

from .conversation import Conversation


def told(talk: Conversation) -> dict[str, Any]:
    return talk.runs[-1].revision or {}


def dismissed(talk: Conversation, **facts: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A review of dev's with a remark that nobody was told of, which was dismissed; and the remark."""
    pull = {"number": talk.pull.number}
    path = f"/repos/{talk.story.repo}/pulls/{talk.pull.number}/reviews"
    place = {"path": "topic.md", "position": 1, "body": "Use a set."}
    wanted = {"commit_id": talk.pull.sha, "event": "REQUEST_CHANGES", "body": "Rename it.", "comments": [place]}
    made = talk.story.github.api("POST", path, wanted, token=USERS["dev"])
    remarks = talk.story.github.api("GET", f"/repos/{talk.story.repo}/pulls/{talk.pull.number}/comments")
    (remark,) = (each for each in remarks if each["body"] == "Use a set.")
    assert remark["pull_request_review_id"] == made["id"], "as on GitHub"
    review = {"id": made["id"], "state": "dismissed", "body": "Rename it.", **facts}
    talk.story.send("pull_request_review", "octocat", times=2, action="dismissed", pull_request=pull, review=review)
    return review, remark


def test_a_dismissed_review_s_remarks_ask_for_nothing(talk: Conversation) -> None:
    pull = {"number": talk.pull.number}
    review, remark = dismissed(talk)
    # whose deliveries come late, and another remark of the same reviewer after them
    talk.story.send("pull_request_review_comment", "dev", action="created", pull_request=pull, comment=remark)
    talk.story.send(
        "pull_request_review", "dev", action="submitted", pull_request=pull, review={**review, "state": "commented"}
    )
    assert talk.runs == []
    other = talk.remark("Sort the keys.")
    assert (told(talk)["told"], talk.asked) == ([other], "topic.md:1: Sort the keys.")
    talk.finish()
    # an answer in its thread is a remark of its own, told with what it answers
    answer = talk.remark("Do it after all.", under=int(remark["id"]))
    assert told(talk)["told"] == [answer]
    assert "An answer in the thread of this remark of dev: Use a set." in talk.asked


def test_a_review_that_is_dismissed_long_after_it_was_given_asks_for_nothing(talk: Conversation) -> None:
    """What is told of it has the time of the review, not of the dismissal."""
    dismissed(talk, submitted_at=(timezone.now() - timedelta(days=20)).isoformat())
    other = talk.remark("Sort the keys.")
    assert told(talk)["told"] == [other]


def test_a_review_stays_dismissed_however_long_ago_that_was(talk: Conversation) -> None:
    dismissed(talk)
    ProcessedWebhook.across_tenants.update(created_at=F("created_at") - timedelta(days=400))
    retention.prune()
    other = talk.remark("Sort the keys.")
    assert told(talk)["told"] == [other]


def test_a_review_that_is_dismissed_while_it_waits_is_not_taken_up(talk: Conversation) -> None:
    talk.remark("Rename it.")
    waits = talk.review("Please add a test.", state="changes_requested")
    pull, review = {"number": talk.pull.number}, {"id": waits, "state": "dismissed", "body": "Please add a test."}
    talk.story.send("pull_request_review", "octocat", action="dismissed", pull_request=pull, review=review)
    talk.finish()
    assert len(talk.runs) == 1


def test_one_reviewer_s_remarks_are_not_another_s(talk: Conversation) -> None:
    mine = talk.put("Rename it.", by="dev")
    talk.remark("Add a test.", by="octocat")
    assert talk.asked == "topic.md:1: Add a test."
    talk.finish()
    answer = talk.remark("And say why.", by="octocat", under=int(mine["id"]))
    assert told(talk)["told"] == [answer]
    assert "An answer in the thread of this remark of dev: Rename it." in talk.asked
    talk.finish()
    # dev's own remark is still open: nobody was told of it as a request
    last = talk.remark("Sort the keys.", by="dev")
    assert told(talk)["told"] == [mine["id"], last]


def test_a_remark_whose_root_was_deleted_or_that_was_edited_is_told_once(talk: Conversation) -> None:
    root = talk.put("Rename it.", by="octocat")
    answer = talk.put("Rename it to `total`, please.", under=int(root["id"]))
    talk.story.github.api("DELETE", f"/repos/{talk.story.repo}/pulls/comments/{root['id']}")
    talk.remark("Add a test.")
    assert answer["id"] in told(talk)["told"] and "Rename it to `total`, please." in talk.asked
    talk.finish(failed=True)
    path = f"/repos/{talk.story.repo}/pulls/comments/{told(talk)['told'][-1]}"
    talk.story.github.api("PATCH", path, {"body": "Add two tests."}, token=USERS["dev"])
    talk.remark("Sort the keys.")
    assert talk.asked == "topic.md:1: Sort the keys."


def test_a_review_of_many_remarks_is_answered_as_far_as_it_was_told(talk: Conversation) -> None:
    ids = [int(talk.put(f"Rename x{number}.")["id"]) for number in range(22)]
    long = int(talk.put("Please rename " + "y" * 9_000)["id"])
    talk.review("All of these.", state="changes_requested")
    first = told(talk)
    assert len(first["told"]) + len(first["reviews"]) == 20 and "more follow when it has ended" in talk.said()
    talk.finish()
    second = told(talk)
    assert sorted([*first["told"], *second["told"]]) == [*ids, long], "each once"
    assert "more characters of this remark were left out" in talk.asked
    talk.finish()
    assert sorted(root for root, _ in talk.thread_replies()) == [*ids, long]
    assert len(talk.runs) == 2
    talk.review("Thanks!", state="approved")
    assert len(talk.runs) == 2


def test_a_waiting_remark_delivered_again_is_told_once(talk: Conversation) -> None:
    talk.remark("Rename it.")
    made = talk.put("Add a test.")
    for _ in range(3):
        talk.story.send(
            "pull_request_review_comment", "dev", times=2, action="created", pull_request={"number": talk.pull.number},
            comment={**made, "pull_request_review_id": None},
        )  # fmt: skip
    talk.finish()
    assert [run.revision["told"] for run in talk.runs[1:] if run.revision] == [[made["id"]]]
    talk.finish()
    assert len(talk.runs) == 2
