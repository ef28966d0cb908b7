"""The address of the server's GitHub App: one for all its installations, and each of them hears only its own."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from repositories.hosting.github.client import auth
from repositories.models import RepositoryLink, WebhookDelivery
from tests.factories import RepositoryLinkFactory

from .sending import APP_SECRET, SECRET, deliver, deliver_to_app, signature

pytestmark = pytest.mark.django_db
API = "https://api.github.example"


@pytest.fixture(autouse=True)
def app(settings: Any) -> None:
    settings.MGX_GITHUB_API_URL, settings.MGX_GITHUB_WEBHOOK_SECRET = API, APP_SECRET


def linked(name: str = "octocat/shop", installation: int | None = 100, **fields: Any) -> RepositoryLink:
    known: dict[str, Any] = {"provider": "github", "api_base_url": API, "webhook_secret": SECRET, "repo_full_name": name}
    clone_url = f"https://github.example/{name}.git"
    found: RepositoryLink = RepositoryLinkFactory(
        **{**known, "clone_url": clone_url, "installation_id": installation, **fields}
    )
    return found


def told(installation: object = 100, name: object = "octocat/shop", **more: Any) -> dict[str, Any]:
    return {"action": "opened", "installation": {"id": installation}, "repository": {"full_name": name}, **more}


def heard() -> set[uuid.UUID]:
    return set(WebhookDelivery.across_tenants.values_list("link_id", flat=True))


def test_each_link_of_the_repository_hears_it_once() -> None:
    """Two tenants may have linked it, in whatever case."""
    first, second = linked(), linked("Octocat/Shop")
    linked("octocat/other")
    for _ in range(5):
        assert deliver_to_app(told()).status_code == 202
    assert heard() == {first.pk, second.pk}
    rows = WebhookDelivery.across_tenants.all()
    assert {(row.link_id, row.workspace_id) for row in rows} == {(link.pk, link.workspace_id) for link in (first, second)}
    assert len(rows) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"installation": 101},
        {"installation": None},
        {"api_base_url": "https://github.evil.example/api/v3"},
        {"status": "disconnected"},
        {"provider": "git"},
    ],
)
def test_no_other_link_hears_it(other: dict[str, Any]) -> None:
    linked(**other)
    assert deliver_to_app(told()).json() == {"accepted": False}
    assert not heard()


@pytest.mark.parametrize("installation", [None, "100", True, -1, 0, 2**63, 10**30, [100], {"id": 100}, 1.0])
def test_what_names_no_installation_reaches_nobody(installation: object) -> None:
    linked()
    linked(installation=1)
    answer = deliver_to_app(told(installation))
    assert answer.status_code in (202, 400)
    assert not heard()


def test_the_secrets_do_not_stand_in_for_each_other() -> None:
    link = linked()
    assert deliver(link.pk, told(), secret=APP_SECRET).status_code == 401
    assert deliver_to_app(told(), secret=SECRET).status_code == 401
    assert not heard()


@pytest.mark.parametrize("secret", ["", "x", "another"])
def test_an_app_without_a_secret_takes_nothing(settings: Any, secret: str) -> None:
    settings.MGX_GITHUB_WEBHOOK_SECRET = ""
    linked()
    assert deliver_to_app(told(), secret=secret).status_code == 401
    assert not heard()


@pytest.mark.parametrize("header", ["", "sha256=", "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709", "\xff" * 71])
def test_only_the_sha256_signature_counts(header: str) -> None:
    link = linked()
    headers = {"X-Hub-Signature-256": header, "X-Hub-Signature": "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709"}
    assert deliver_to_app(told(), **headers).status_code == 401
    assert deliver(link.pk, told(), **headers).status_code == 401
    right = signature(APP_SECRET, b"{}").removeprefix("sha256=")
    assert deliver_to_app(None, raw=b"{}", **{"X-Hub-Signature-256": right}).status_code == 401
    assert not heard()


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": {"name": {"from": "shop"}}},
        {"owner": {"from": {"user": {"login": "octocat"}}}},
        {"owner": {"from": {"organization": {"login": "Octocat"}}}},
    ],
)
def test_a_repository_is_known_by_its_name_of_before(changes: dict[str, Any]) -> None:
    link = linked("octocat/shop")
    now = "octocat/store" if "repository" in changes else "acme/shop"
    assert deliver_to_app(told(name=now, changes=changes), event="repository").json() == {"accepted": True}
    assert heard() == {link.pk}


def test_the_id_of_a_repository_counts_before_its_name() -> None:
    """The name may belong to another repository by now."""
    renamed, other = linked("octocat/before", host_id="7"), linked("octocat/shop", host_id="8")
    unlooked = linked("octocat/shop", host_id="")
    payload = told()
    payload["repository"]["id"] = 7
    assert deliver_to_app(payload).json() == {"accepted": True}
    assert heard() == {renamed.pk, unlooked.pk}
    assert other.pk not in heard()


class TestInstallation:
    """What happens to an installation is found out by looking: the links are due at once."""

    def due(self) -> set[str]:
        """Within minutes: the others are hours away, and the database's time may be ahead of this process's."""
        found = RepositoryLink.across_tenants.filter(refresh_due_at__lte=timezone.now() + timedelta(minutes=10))
        return set(found.values_list("repo_full_name", flat=True))

    @pytest.fixture(autouse=True)
    def links(self) -> None:
        later = timezone.now() + timedelta(hours=9)
        for name in ("octocat/a", "octocat/b"):
            linked(name, refresh_due_at=later)
        linked("octocat/c", refresh_due_at=None)
        linked("acme/a", installation=101, refresh_due_at=later)

    @pytest.mark.parametrize("action", ["deleted", "suspend", "unsuspend", "new_permissions_accepted"])
    def test_all_its_links_are_due(self, action: str) -> None:
        auth._tokens[API, 100] = auth._Token("ghs_old", 2**40, {})
        for _ in range(5):
            payload = {"action": action, "installation": {"id": 100}}
            assert deliver_to_app(payload, event="installation").status_code == 202
        assert self.due() == {"octocat/a", "octocat/b", "octocat/c"}
        assert (API, 100) not in auth._tokens

    def test_only_the_repositories_that_came_or_went(self) -> None:
        payload = {
            "action": "removed",
            "installation": {"id": 100},
            "repositories_removed": [{"full_name": "octocat/a"}, {"full_name": "acme/a"}, {"full_name": 7}, 7, None],
            "repositories_added": [{"full_name": "Octocat/B"}, {}],
        }
        assert deliver_to_app(payload, event="installation_repositories").json() == {"accepted": True}
        assert self.due() == {"octocat/a", "octocat/b"}

    def test_a_forged_one_changes_nothing(self) -> None:
        payload = {"action": "deleted", "installation": {"id": 100}}
        assert deliver_to_app(payload, event="installation", secret="guess").status_code == 401
        assert not self.due()
