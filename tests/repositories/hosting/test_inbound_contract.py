"""What every provider's deliveries must hold (``repositories.hosting.provider``): whatever a service calls it, the same
happening is the same neutral event; what is forged, seen before or not for us changes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import Settings

from repositories import services
from repositories.admin.deliveries import about, with_words
from repositories.hosting.provider import HostingProvider
from repositories.hosting.webhook_events import (
    MAX_KEY,
    MAX_NUMBER,
    BranchPushed,
    ChecksFailed,
    CommentCommand,
    IssueLabelled,
    IssueThread,
    LinkChanged,
    PullRequestStateChanged,
    ReviewSubmitted,
    WebhookEvent,
)
from repositories.models import RepositoryLink, WebhookDelivery
from repositories.references import parse_reference
from repositories.webhooks.services import set_up
from tests.conftest import CallerInTests
from tests.factories import RepositoryLinkFactory
from tests.support.forges.base import SECRET, Delivered, Forge
from tests.support.patience import SOON

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
SHA = "a" * 40
THREAD = IssueThread(7, "Crash", "It crashes.", "")
TOLD: dict[str, Callable[[Forge], Delivered]] = {
    "labelled": lambda forge: forge.labelled(7, at=AT, label="MGX"),
    "commanded": lambda forge: forge.commented(7, 31, "Well.\n/mgx reject use pnpm\nand no npm", at=AT),
    "unknown": lambda forge: forge.commented(7, 32, "/mgx frobnicate now", at=AT),
    "reviewed": lambda forge: forge.reviewed(8, 41, "Say why.", at=AT),
    "remarked": lambda forge: forge.remarked(8, 51, review=41),
    "checked": lambda forge: forge.checked(SHA, "mgx/topic", red=True),
    "closed": lambda forge: forge.closed(8),
    "pushed": lambda forge: forge.pushed("mgx/topic", SHA),
    "renamed": lambda forge: forge.renamed(),
}
"""Name → what a service tells."""
MEANT: dict[str, WebhookEvent] = {
    "labelled": IssueLabelled("octocat", "", THREAD, happened_at=AT),
    "commanded": CommentCommand("octocat", "", "reject", "use pnpm\nand no npm", THREAD, happened_at=AT),
    "unknown": CommentCommand("octocat", "", "", "/mgx frobnicate now", THREAD, happened_at=AT),
    "reviewed": ReviewSubmitted("octocat", "", 8, "Say why.", 41, "changes", happened_at=AT),
    "remarked": ReviewSubmitted("octocat", "", 8, "", 41),
    "checked": ChecksFailed("octocat", "", SHA, "mgx/topic"),
    "closed": PullRequestStateChanged("octocat", "", 8),
    "pushed": BranchPushed("octocat", "", "mgx/topic", SHA),
    "renamed": LinkChanged("octocat", ""),
}
"""Name → what that means, keys and addresses aside."""
NOT_OBEYED: dict[str, Callable[[Forge], Delivered]] = {
    "our own comment": lambda forge: forge.commented(7, 31, "/mgx run", ours=True),
    "our own remark": lambda forge: forge.remarked(8, 51, review=41, ours=True),
    "a quotation": lambda forge: forge.commented(7, 31, forge.quoted("/mgx run")),
    "an edited comment": lambda forge: forge.commented(7, 31, "/mgx run", change=True),
    "a word in a sentence": lambda forge: forge.commented(7, 31, "say /mgx run"),
    "another label": lambda forge: forge.labelled(7, label="bug"),
    "green checks": lambda forge: forge.checked(SHA, "mgx/topic", red=False),
    "no number": lambda forge: forge.closed(0),
    "a number that can't be kept": lambda forge: forge.commented(2**31, 31, "/mgx run"),
}
JUNK = (None, True, -1, 2**70, 1.5, "", "x" * 50_000, "\0", ["/mgx run"], {"body": "/mgx run"})


def understood(forge: Forge, told: Delivered, delivery: str = "d-1") -> list[WebhookEvent]:
    headers, body = forge.sent(told, repo="octocat/shop", delivery=delivery, secret=SECRET)
    found = forge.provider.delivery(headers, body)
    assert found is not None
    kept = forge.provider.kept(found)
    assert kept is not None
    return forge.provider.events(found.event, json.loads(json.dumps(kept)))


@pytest.mark.parametrize("name", TOLD)
def test_the_same_happening_is_the_same_event(forge: Forge, name: str) -> None:
    (event,) = understood(forge, TOLD[name](forge))
    plain: Any = replace(event, key="")
    if isinstance(plain, IssueLabelled | CommentCommand):
        plain = replace(plain, issue=replace(plain.issue, url=""))
    wanted = MEANT[name]
    assert replace(plain, happened_at=wanted.happened_at) == wanted
    assert event.happened_at in {None, wanted.happened_at} if wanted.happened_at is None else event.happened_at == AT


def test_a_key_is_of_the_cause_and_not_of_the_delivery(forge: Forge) -> None:
    """A remark belongs to its review. What is asked for when it is taken up needs no key."""
    keys = {
        name: [understood(forge, tell(forge), delivery)[0].key for delivery in ("d-1", "d-2")] for name, tell in TOLD.items()
    }
    assert all(first == second and len(first) <= MAX_KEY for first, second in keys.values())
    assert keys["commanded"][0] == "comment:31"
    assert keys["reviewed"] == keys["remarked"]
    assert keys["closed"][0] == keys["renamed"][0] == ""
    others = [found[0] for name, found in keys.items() if name not in ("remarked", "closed", "renamed")]
    assert all(others)
    assert len(set(others)) == len(others)
    again = [
        understood(forge, told)[0].key for told in (forge.remarked(8, 51, review=None), forge.pushed("mgx/topic", "b" * 40))
    ]
    assert not set(again) & set(others)


@pytest.mark.parametrize("name", NOT_OBEYED)
def test_what_is_not_meant_for_us_means_nothing(forge: Forge, name: str) -> None:
    assert understood(forge, NOT_OBEYED[name](forge)) == []


@pytest.mark.parametrize("name", TOLD)
def test_no_payload_breaks_the_reading(forge: Forge, name: str) -> None:
    """Each value in turn, and each object, is something that a service never sends."""
    told = TOLD[name](forge)
    for changed in changes(told.payload):
        for event in understood(forge, replace(told, payload=changed)):
            assert len(event.key) <= MAX_KEY
            assert "\0" not in f"{event}"
            number = event.issue.number if isinstance(event, CommentCommand | IssueLabelled) else getattr(event, "number", 1)
            assert 0 < number <= MAX_NUMBER


def changes(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from ({**value, name: junk} for junk in JUNK)
            yield from ({**value, name: changed} for changed in changes(inner))
            yield {other: inner for other, inner in value.items() if other != name}


@pytest.mark.parametrize("url", ["/etc/passwd", "https://git.example.com/a/b.git", "git@h.example:a/b", "a b", ""])
def test_plain_git_stays_plain(forge: Forge, url: str) -> None:
    provider: HostingProvider = forge.provider
    assert not provider.recognises(url)


@pytest.mark.django_db
class TestDelivering:
    @pytest.fixture
    def link(self, forge: Forge) -> RepositoryLink:
        found: RepositoryLink = RepositoryLinkFactory(
            provider=forge.provider.name, api_base_url=forge.api_url, webhook_secret=SECRET, repo_full_name="octocat/shop"
        )
        return found

    def test_a_delivery_is_kept_once_however_often_it_comes(self, forge: Forge, link: RepositoryLink) -> None:
        told = forge.commented(7, 31, "/mgx plan")
        answers = [forge.deliver(link.pk, told) for _ in range(3)]
        assert [(answer.status_code, answer.json()) for answer in answers] == [
            (202, {"accepted": True}), (202, {"accepted": False}), (202, {"accepted": False}),
        ]  # fmt: skip
        assert forge.deliver(link.pk, told, delivery="d-2").json() == {"accepted": True}
        rows = WebhookDelivery.objects.for_workspace(link.workspace_id).filter(link=link)
        assert sorted(rows.values_list("delivery_id", flat=True)) == ["d-1", "d-2"]

    @pytest.mark.parametrize("secret", ["another secret", "", "x"])
    def test_a_forged_one_is_refused(self, forge: Forge, link: RepositoryLink, secret: str) -> None:
        answer = forge.deliver(link.pk, forge.labelled(7), secret=secret)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
        assert not WebhookDelivery.across_tenants.exists()

    def test_a_signature_is_of_its_body(self, forge: Forge, link: RepositoryLink) -> None:
        signed, _ = forge.sent(forge.labelled(7), repo="octocat/shop", delivery="d-1", secret=SECRET)
        _, other = forge.sent(forge.labelled(8), repo="octocat/shop", delivery="d-1", secret=SECRET)
        for headers in (signed, {}, dict.fromkeys(signed, ""), dict.fromkeys(signed, "sha256=\xff;")):
            assert forge.post(link.pk, headers, other).status_code == 401
        assert not WebhookDelivery.across_tenants.exists()

    def test_a_link_hears_its_own_service_only(self, forge: Forge, link: RepositoryLink) -> None:
        RepositoryLink.across_tenants.filter(pk=link.pk).update(provider="git")
        assert forge.deliver(link.pk, forge.labelled(7)).status_code == 401
        assert not WebhookDelivery.across_tenants.exists()

    def test_a_trial_and_what_means_nothing_are_taken_and_dropped(self, forge: Forge, link: RepositoryLink) -> None:
        for told in (forge.trial(), forge.uninteresting()):
            answer = forge.deliver(link.pk, told)
            assert (answer.status_code, answer.json()) == (202, {"accepted": False})
        assert not WebhookDelivery.across_tenants.exists()

    @pytest.mark.parametrize("delivery", ["", "x" * 101, "a\nb"])
    def test_one_without_a_name_is_a_clear_400(self, forge: Forge, link: RepositoryLink, delivery: str) -> None:
        answer = forge.deliver(link.pk, forge.labelled(7), delivery=delivery)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_delivery")

    def test_only_what_we_use_is_kept_and_operators_see_who_and_what(self, forge: Forge, link: RepositoryLink) -> None:
        told = forge.labelled(7)
        forge.deliver(link.pk, replace(told, payload={**told.payload, "token": "ghp_secret", "by_mail": "dev@example.org"}))
        (row,) = with_words(WebhookDelivery.objects.for_workspace(link.workspace_id))
        assert "ghp_secret" not in json.dumps(row.payload)
        assert "dev@example.org" not in json.dumps(row.payload)
        shown: Any = row
        assert (shown.actor, about(row)) == ("octocat", "#7 Crash")

    def test_the_service_delivers_to_the_hook_that_it_was_given(
        self, forge: Forge, owner: CallerInTests, live_server: Any, settings: Settings
    ) -> None:
        """From a person's words to a link, and from the service's own signature to our row."""
        settings.MGX_BASE_URL = live_server.url
        repo = forge.repository()
        named = parse_reference(
            url=repo, provider=forge.provider.name, credential=forge.key("octocat"), api_base_url=forge.api_url
        )
        assert (named.repo_full_name, named.clone_url) == (repo, forge.clone_url(repo))
        link, _ = services.connect(
            principal=owner.principal, project_id=None, named=named, seen=services.probe(named), is_primary=None
        )
        for _ in range(2):
            assert set_up(principal=owner.principal, link=link)["installed"] is True
        assert forge.hooks(repo) == [f"{live_server.url}/api/webhooks/{forge.provider.name}/{link.pk}"]
        forge.happen(repo)
        until = time.monotonic() + SOON
        while not (rows := list(WebhookDelivery.across_tenants.filter(link=link))):
            assert time.monotonic() < until, "nothing was delivered"
            time.sleep(0.05)
        assert rows[0].payload
