"""Nobody does more by a link than whoever linked the repository may do now."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import TaskRun
from tasks.models import Task
from tests.support.github import GitHub
from workspaces.models import Membership, Role, User

from ..conftest import Tenant
from ..story import Story, linked


@pytest.fixture
def story(tenant: Tenant, github_server: GitHub) -> Story:
    return linked(github_server, tenant)


def ask_in_every_way(story: Story) -> dict[str, Any]:
    issue = story.issue("total() crashes on None")
    for words in ("/mgx plan", "/mgx run"):
        story.says(issue, words)
    story.send("issues", "octocat", action="labeled", issue=issue, label={"name": "mgx"})
    return issue


def test_a_viewers_link_starts_nothing(story: Story, tenant: Tenant) -> None:
    Membership.objects.filter(user=tenant.user).update(role=Role.VIEWER)
    issue = ask_in_every_way(story)
    assert not TaskRun.across_tenants.exists()
    assert not Task.across_tenants.exists()
    answers = [said for said in story.comments(issue["number"]) if not said.startswith("/mgx")]
    assert answers
    assert all("requires the role developer" in answer for answer in answers), answers


def test_the_link_of_a_deactivated_user_hears_nothing(story: Story, tenant: Tenant) -> None:
    User.objects.filter(pk=tenant.user.pk).update(is_active=False)
    issue = ask_in_every_way(story)
    assert not TaskRun.across_tenants.exists()
    assert story.comments(issue["number"]) == ["/mgx plan", "/mgx run"]
