"""Other programs review, and answer what we say: they begin a few runs of a pull request within a day, people as many as they
like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mgx_project.common import clock
from runs import services
from runs.models import TaskRun
from runs.models.run_state import FINAL
from runs.webhooks.programs import WINDOW

from ..conftest import Tenant
from .conversation import REVIEWS, Conversation, Story, soon


class Program:
    """A bot that reviews, with the rights of dev."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk

    def reviews(self, words: str) -> None:
        review = {"id": next(REVIEWS), "state": "changes_requested", "body": words}
        pull = {"number": self._talk.pull.number}
        self._talk.story.send("pull_request_review", "dev", action="submitted", pull_request=pull, review=review, kind="Bot")

    def remarks(self, words: str) -> None:
        comment = {**self._talk.put(words), "pull_request_review_id": None}
        pull = {"number": self._talk.pull.number}
        event = "pull_request_review_comment"
        self._talk.story.send(event, "dev", action="created", pull_request=pull, comment=comment, kind="Bot")

    def comments(self, words: str, thread: dict[str, Any] | None = None) -> None:
        thread = thread or self._talk.thread
        path = f"/repos/{self._talk.story.repo}/issues/{thread['number']}/comments"
        comment = self._talk.story.github.api("POST", path, {"body": words}, token="tok_dev")
        self._talk.story.send("issue_comment", "dev", action="created", issue=thread, comment=comment, kind="Bot")


def begun(talk: Conversation) -> list[bool]:
    return [run.begun_by_program for run in talk.runs]


def test_programs_begin_three_runs_a_day_and_people_more(talk: Conversation) -> None:
    program = Program(talk)
    program.reviews("Rename it.")
    talk.finish()
    program.remarks("Add a test.")
    talk.finish()
    program.comments("/mgx continue Say why.")
    talk.finish()
    assert begun(talk) == [True] * 3
    program.reviews("Rename it back.")
    program.remarks("Drop the test.")
    program.remarks("/mgx continue Drop it.")
    program.remarks("/mgx retry")
    program.comments("/mgx continue Say nothing.")
    program.comments("/mgx retry")
    program.comments("/mgx plan")
    assert begun(talk) == [True] * 3
    assert [text for text in talk.comments() if "Other programs may begin 3 runs here within 24 hours" in text] != []
    assert talk.said().count("Other programs may begin") == 1, "a program may answer each one"
    assert "A person may ask for it: `/mgx continue`" in talk.said()

    talk.review("Please rename it.", by="octocat")
    assert begun(talk) == [True] * 3 + [False]
    talk.finish()
    talk.story.says(talk.thread, "/mgx continue Do what the program asked for.")
    assert begun(talk) == [True] * 3 + [False] * 2
    talk.finish()

    TaskRun.objects.for_workspace(talk.tenant.workspace.pk).update(created_at=clock.now() - WINDOW - timedelta(seconds=1))
    program.reviews("One more thing: sort the keys.")
    assert begun(talk)[-1]
    assert "Rename it back." not in talk.asked and "Drop the test." in talk.asked, "its open remarks are with its next review"


def test_a_long_review_of_a_program_is_not_worked_for_ever(talk: Conversation, tenant: Tenant) -> None:
    tenant.project.program_runs = 1
    tenant.project.save()
    for number in range(25):
        talk.put(f"Fix number {number}.")
    program = Program(talk)
    program.reviews("Please work through all of these.")
    assert len(talk.runs) == 1
    talk.finish()
    talk.story.work_off()
    assert len(talk.runs) == 1
    assert "Other programs may begin 1 run here" in talk.said()


def test_a_project_may_let_programs_begin_nothing(talk: Conversation, tenant: Tenant) -> None:
    tenant.project.program_runs = 0
    tenant.project.save()
    program, issue = Program(talk), talk.story.issue("total() crashes")
    program.reviews("Rename it.")
    program.comments("/mgx run", issue)
    program.comments("/mgx help", issue)
    assert not TaskRun.objects.for_workspace(tenant.workspace.pk).filter(begun_by_program=True).exists()
    assert TaskRun.objects.for_workspace(tenant.workspace.pk).count() == 1
    said = "\n".join(talk.story.comments(issue["number"]))
    assert "Other programs may begin no runs here" in said and "Available commands:" in said


def test_each_pull_request_has_its_own(talk: Conversation, story: Story, tenant: Tenant) -> None:
    tenant.project.program_runs = 1
    tenant.project.save()
    other = Conversation(story, tenant, "other")
    for each in (talk, other):
        Program(each).reviews("Rename it.")
        assert begun(each) == [True]


def test_a_program_that_sets_the_label_again_and_again_begins_no_more_than_one_that_comments(
    story: Story, tenant: Tenant
) -> None:
    issue = story.issue("total() crashes")
    runs = TaskRun.objects.for_workspace(tenant.workspace.pk)
    for minute in range(5):
        for action in ("labeled", "unlabeled"):
            told = {**issue, "updated_at": soon(60 * minute)}
            story.send("issues", "dev", action=action, issue=told, label={"name": "mgx"}, kind="Bot")
        for run in runs.exclude(status__in=FINAL):
            services.cancel_run(principal=tenant.principal, run_id=run.pk)
    assert [run.begun_by_program for run in runs] == [True] * 3
    assert "\n".join(story.comments(issue["number"])).count("Other programs may begin 3 runs here") == 1
