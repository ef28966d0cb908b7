"""Links and deliveries on the pages of operators: real looks, refusals in the form, no credential shown, words are text."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from repositories.models import RepositoryLink, WebhookDelivery
from repositories.webhooks.services import address_of
from tests.factories import MembershipFactory, ProjectFactory, RepositoryLinkFactory, UserFactory
from tests.support.github import USERS, GitHub
from workspaces.models import AuditEntry, Membership

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"
ADD = "admin:repositories_repositorylink_add"


@pytest.fixture
def operator() -> Membership:
    membership: Membership = MembershipFactory(user=UserFactory(is_staff=True), role="admin")
    return membership


@pytest.fixture
def browser(operator: Membership) -> Client:
    client = Client()
    client.force_login(operator.user)
    return client


def page(row: Any, name: str = "change") -> str:
    return reverse(f"admin:repositories_{row._meta.model_name}_{name}", args=[row.pk])


def entered(operator: Membership, github: GitHub, repo: str, **fields: Any) -> dict[str, Any]:
    project = ProjectFactory(workspace=operator.workspace)
    return {"project": project.pk, "url": repo, "api_base_url": github.api_url, "credential": USERS["dev"], **fields}


def linked(operator: Membership, browser: Client, github: GitHub, repo: str, **fields: Any) -> RepositoryLink:
    answer = browser.post(reverse(ADD), entered(operator, github, repo, **fields))
    assert answer.status_code == 302, answer.content.decode()
    link: RepositoryLink = RepositoryLink.across_tenants.get()
    return link


def delivery(link: RepositoryLink, n: int = 0, **fields: Any) -> WebhookDelivery:
    issue = {"number": 7, "title": f"Broken {EVIL}"}
    payload = {"action": "opened", "sender": {"login": f"mallory{EVIL}"}, "issue": issue, "secret": "payload-word"}
    row: WebhookDelivery = WebhookDelivery.objects.create(
        workspace_id=link.workspace_id, link=link, delivery_id=f"d{n}", event="issues", payload=payload, **fields
    )
    return row


def test_a_repository_is_linked_after_a_real_look(operator: Membership, browser: Client, github: GitHub, repo: str) -> None:
    assert browser.get(reverse(ADD)).status_code == 200
    link = linked(operator, browser, github, repo)
    assert (link.repo_full_name, link.status, link.credential) == (repo, "connected", USERS["dev"])
    shown = browser.get(page(link)).content.decode()
    assert USERS["dev"] not in shown
    assert address_of("github", link.pk) in shown
    assert "admin is missing:" in shown
    assert AuditEntry.across_tenants.get(action="repository.connected").user == operator.user


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "no name", "provider": "github"}, "is not a repository on"),
        ({"url": "octocat/no-such-repository"}, "octocat/no-such-repository does not exist or"),
        ({"credential": "wrong-token"}, "does not accept the token"),
        ({"api_base_url": "https://169.254.169.254/api/v3"}, "169.254.169.254"),
        ({"project": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_stands_in_the_form(
    operator: Membership, browser: Client, github: GitHub, repo: str, wrong: dict[str, Any], said: str
) -> None:
    answer = browser.post(reverse(ADD), entered(operator, github, repo, **{"provider": "github", **wrong}))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    for secret in (USERS["dev"], "wrong-token"):
        assert secret not in answer.content.decode()
    assert not RepositoryLink.across_tenants.exists()


def test_no_project_of_another_tenant_can_be_chosen(operator: Membership, browser: Client, github: GitHub, repo: str) -> None:
    foreign = ProjectFactory(slug="theirs")
    assert "theirs" not in browser.get(reverse(ADD)).content.decode()
    answer = browser.post(reverse(ADD), entered(operator, github, repo, project=foreign.pk))
    assert answer.status_code == 400
    assert not RepositoryLink.across_tenants.exists()
    developer = Client()
    developer.force_login(MembershipFactory(user=UserFactory(is_staff=True), role="developer").user)
    assert developer.get(reverse(ADD)).status_code == 403


def test_a_lost_repository_says_so_and_what_to_do(operator: Membership, browser: Client, github: GitHub, repo: str) -> None:
    link = linked(operator, browser, github, repo)
    github.state.access[repo].pop("dev")
    assert browser.get(page(link, "revalidate")).status_code == 200
    told = browser.post(page(link, "revalidate"), follow=True).content.decode()
    assert f"{repo} was deleted or moved" in told
    assert "Give the link a credential with access" in told
    assert "To change the token" in told


def test_a_hook_that_can_not_be_made_shows_its_secret_once(
    operator: Membership, browser: Client, github: GitHub, repo: str
) -> None:
    link = linked(operator, browser, github, repo)
    answer = browser.post(page(link, "webhook"))
    link.refresh_from_db()
    assert link.webhook_secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert link.webhook_secret not in browser.get(page(link)).content.decode()


def test_unlinking_wipes_what_is_secret(operator: Membership, browser: Client, github: GitHub, repo: str) -> None:
    link = linked(operator, browser, github, repo)
    assert browser.post(page(link, "unlink")).status_code == 302
    link.refresh_from_db()
    assert (link.status, link.credential, link.webhook_secret) == ("disconnected", "", "")
    for name in ("revalidate", "webhook", "unlink"):
        assert browser.post(page(link, name)).status_code == 403


def test_links_of_other_tenants_can_not_be_acted_on(browser: Client) -> None:
    link = RepositoryLinkFactory(provider="github", credential="x")
    failed = delivery(link, error="No.", processed_at=timezone.now())
    for url in (*(page(link, name) for name in ("revalidate", "webhook", "unlink")), page(failed, "again")):
        assert browser.post(url).status_code in {302, 403, 404}
    link.refresh_from_db()
    failed.refresh_from_db()
    assert (link.status, link.credential, failed.error) == ("connected", "x", "No.")


def test_words_of_others_are_text(operator: Membership, browser: Client) -> None:
    project = ProjectFactory(workspace=operator.workspace)
    link = RepositoryLinkFactory(
        workspace=operator.workspace, project=project, provider="github", repo_full_name=f"o/{EVIL}", last_error=EVIL,
        status="error", permissions={EVIL: True},
    )  # fmt: skip
    row = delivery(link, error=EVIL)
    changelists = (
        reverse("admin:repositories_repositorylink_changelist"),
        reverse("admin:repositories_webhookdelivery_changelist"),
    )
    for url in (page(link), page(row), page(link, "unlink"), page(row, "again"), *changelists):
        text = browser.get(url).content.decode()
        assert EVIL not in text
        assert "&lt;script&gt;" in text
        assert "payload-word" not in text
    assert "#7 Broken" in browser.get(page(link)).content.decode()


def test_a_failed_delivery_is_tried_again_a_done_one_is_not(operator: Membership, browser: Client) -> None:
    link = RepositoryLinkFactory(workspace=operator.workspace, project=ProjectFactory(workspace=operator.workspace))
    failed = delivery(link, 1, attempts=8, error="The service failed.", processed_at=timezone.now())
    assert "failed" in browser.get(page(failed)).content.decode()
    assert browser.post(page(failed, "again")).status_code == 302
    failed.refresh_from_db()
    assert (failed.processed_at, failed.attempts, failed.error) == (None, 0, "")
    assert AuditEntry.across_tenants.filter(action="repository.delivery_again", user=operator.user).exists()
    done = delivery(link, 2, attempts=1, processed_at=timezone.now())
    assert browser.post(page(done, "again")).status_code == 403


def test_the_page_of_a_link_costs_the_same_for_many_deliveries(operator: Membership, browser: Client) -> None:
    link = RepositoryLinkFactory(workspace=operator.workspace, project=ProjectFactory(workspace=operator.workspace))
    delivery(link)
    browser.get(page(link))
    with CaptureQueriesContext(connection) as few:
        browser.get(page(link))
    for n in range(1, 40):
        delivery(link, n)
    with CaptureQueriesContext(connection) as many:
        browser.get(page(link))
    assert len(many) == len(few) <= 16
