"""What comes in is signed, stored once and answered at once."""

from __future__ import annotations

import json
import random
import uuid
from typing import Any

import pytest

from repositories.hosting.payloads import MAX_WORDS
from repositories.models import RepositoryLink, WebhookDelivery
from repositories.signals import webhook_accepted
from tests.conftest import CallerInTests
from tests.factories import RepositoryLinkFactory
from tests.support.github import USERS, GitHub

from .sending import SECRET, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def link() -> RepositoryLink:
    found: RepositoryLink = RepositoryLinkFactory(provider="github", webhook_secret=SECRET)
    return found


def test_each_delivery_counts_once_in_any_order(link: RepositoryLink, django_capture_on_commit_callbacks: Any) -> None:
    told: list[str] = []

    def hear(delivery: WebhookDelivery, **_: Any) -> None:
        told.append(delivery.delivery_id)

    webhook_accepted.connect(hear)
    sent = [f"d-{number}" for number in range(8)] * 5
    random.Random(7).shuffle(sent)
    try:
        for delivery in sent:
            assert deliver(link.pk, {"action": "opened"}, delivery=delivery).status_code == 202
    finally:
        webhook_accepted.disconnect(hear)
    assert sorted(told) == sorted(set(sent))
    assert WebhookDelivery.objects.for_workspace(link.workspace_id).count() == 8


@pytest.mark.parametrize("secret", ["another secret", "", "x"])
def test_a_forged_one_is_refused(link: RepositoryLink, secret: str) -> None:
    answer = deliver(link.pk, {"action": "opened"}, secret=secret)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert not WebhookDelivery.across_tenants.exists()


def test_links_that_are_unknown_gone_or_without_a_secret_all_look_the_same(link: RepositoryLink) -> None:
    gone = RepositoryLinkFactory(provider="github", webhook_secret=SECRET, status="disconnected")
    bare = RepositoryLinkFactory(provider="github", webhook_secret="")
    known = [(uuid.uuid4(), SECRET), (gone.pk, SECRET), (bare.pk, ""), (bare.pk, "x")]
    answers = [deliver(link_id, {}, secret=secret) for link_id, secret in known]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1


def test_what_we_do_not_use_is_not_kept(link: RepositoryLink) -> None:
    payload = {
        "action": "labeled",
        "issue": {"number": 7, "title": "Crash\0", "body": "x" * (MAX_WORDS + 5), "labels": [{"name": "mgx", "color": "f00"}]},
        "label": {"name": "mgx"},
        "sender": {"login": "dev", "type": "User", "email": "dev@example.org"},
        "repository": {"full_name": ["not", "a", "string"], "private": True},
        "token": "ghp_secret",
    }
    assert deliver(link.pk, payload).status_code == 202
    stored = WebhookDelivery.objects.for_workspace(link.workspace_id).get().payload
    assert "ghp_secret" not in json.dumps(stored)
    assert stored["sender"] == {"login": "dev", "type": "User"}
    assert stored["repository"].keys() <= {"archived", "default_branch"}
    assert (stored["issue"]["title"], len(stored["issue"]["body"])) == ("Crash", MAX_WORDS)


@pytest.mark.parametrize(
    ("raw", "delivery"), [(b"{", "d-1"), (b"[]", "d-1"), (b"{}", ""), (b"{}", "x" * 101), (b"\xff", "d-1")]
)
def test_what_is_no_delivery_is_a_clear_400(link: RepositoryLink, raw: bytes, delivery: str) -> None:
    answer = deliver(link.pk, None, raw=raw, delivery=delivery)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_delivery")


@pytest.mark.parametrize("event", ["ping", "star", "workflow_job"])
def test_what_means_nothing_to_us_is_taken_and_dropped(link: RepositoryLink, event: str) -> None:
    answer = deliver(link.pk, {"zen": "Keep it logically awesome."}, event=event)
    assert (answer.status_code, answer.json()) == (202, {"accepted": False})
    assert not WebhookDelivery.across_tenants.exists()


class TestSetUp:
    """The hook at the service."""

    def connect(self, caller: CallerInTests, github: GitHub, repo: str, login: str) -> Any:
        named = {"url": repo, "api_base_url": github.api_url, "credential": USERS[login]}
        answer = caller.api.post("/api/repositories/connect", named)
        assert answer.status_code == 201, answer.json()
        return answer.json()

    @pytest.fixture
    def repo(self, github_server: GitHub) -> str:
        name = f"octocat/hooked-{uuid.uuid4().hex[:8]}"
        github_server.repository(name, {"README.md": "x\n"}, private=True, access={"dev": "write"})
        return name

    def test_who_may_not_make_the_hook_is_told_what_to_enter(
        self, owner: CallerInTests, github_server: GitHub, repo: str
    ) -> None:
        link = self.connect(owner, github_server, repo, "dev")
        github_server.refuse(status=403, message="Resource not accessible by personal access token")
        said = owner.api.post(f"/api/repositories/{link['id']}/webhook").json()
        assert said["installed"] is False
        assert said["url"].endswith(f"/api/webhooks/github/{link['id']}")
        assert deliver(link["id"], {"action": "opened"}, secret=said["secret"]).status_code == 202
        assert said["secret"] not in str(owner.api.get(f"/api/repositories/{link['id']}").json())
