"""Two people decide in a thread, or one there and one elsewhere: who comes second reads what stands."""

from __future__ import annotations

from runs import services
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.webhooks.authorization import visitor
from tests.support.github import GitHub

from ..conftest import Tenant
from ..story import linked


def test_a_command_that_comes_second_is_answered_with_what_stands(tenant: Tenant, github_server: GitHub) -> None:
    story = linked(github_server, tenant)
    issue = story.issue("total() crashes on None")
    task = tenant.task("total() crashes", repository_id=story.link.pk, issue_number=issue["number"], source="github")
    run = tenant.run(task)
    plan = {"summary": "Skip None", "steps": [{"title": "Filter", "files": ["shop/prices.py"], "kind": "change", "why": ""}]}
    TaskRun.across_tenants.filter(pk=run.pk).update(status=Status.AWAITING_APPROVAL, plan=plan)
    services.decide_plan(principal=tenant.principal, run_id=run.pk, approved=True, feedback="Only prices.")
    by = tenant.user.get_username()

    for words in ("/mgx reject Use Decimal.", "/mgx reject", "/mgx approve Use Decimal."):
        story.says(issue, words)
        said = "\n".join(story.comments(issue["number"]))
        assert f"has no plan to decide on. What stands since {run.created_at:%Y-%m-%d}" in said, said
        assert f"Approved by {by}. Only prices." in said
    story.says(issue, "/mgx approve Only prices.")
    assert "`/mgx approve` by `octocat`: run #1 was approved." in "\n".join(story.comments(issue["number"]))
    story.says(issue, "/mgx cancel")
    story.says(issue, "/mgx steer Use Decimal.")
    said = "\n".join(story.comments(issue["number"]))
    assert f"{visitor(story.link, 'octocat')} cancelled the run." in said
    run.refresh_from_db()
    assert (run.status, run.plan) == (Status.CANCELLED, plan)
