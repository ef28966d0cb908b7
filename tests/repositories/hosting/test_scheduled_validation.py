"""Looks by ourselves: what they notice, when the next one is, and that they stay within a service's limits."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from limits import RateLimitItemPerSecond

from projects.models import Project
from repositories import scheduled_validation
from repositories.hosting import service_limits
from repositories.hosting.github.client import auth
from repositories.models import RepositoryLink
from tests.conftest import CallerInTests
from tests.factories import RepositoryLinkFactory
from tests.support.drills import times
from tests.support.github import APP_ID, USERS, GitHub
from tests.support.github.strict import Limits
from workspaces.models import Event

from .conftest import FILES

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(owner: CallerInTests, github: GitHub, repo: str) -> RepositoryLink:
    body = {"url": repo, "api_base_url": github.api_url, "credential": USERS["dev"]}
    answer = owner.api.post("/api/repositories/connect", body)
    assert answer.status_code == 201, answer.json()
    return RepositoryLink.across_tenants.get()


def look(link: RepositoryLink) -> RepositoryLink:
    """The look that comes a day later."""
    RepositoryLink.across_tenants.filter(pk=link.pk).update(refresh_due_at=timezone.now())
    assert scheduled_validation.work_off() == 1
    link.refresh_from_db()
    return link


def events() -> int:
    return int(Event.across_tenants.filter(type="repository_changed").count())


def test_nothing_new_costs_nothing_and_says_nothing(github: GitHub, link: RepositoryLink) -> None:
    before, told, asked = link.last_validated_at, events(), len(github.state.requests)
    look(link)
    assert [status for _, _, status in github.state.requests[asked:]] == [304]
    assert (link.status, events()) == ("connected", told)
    assert before is not None
    assert link.last_validated_at is not None
    assert link.last_validated_at > before
    assert link.refresh_due_at is not None
    assert timedelta(hours=23) < link.refresh_due_at - timezone.now() < timedelta(hours=27)
    assert link.permissions == {"read": True, "write": True, "admin": False}


def test_a_rename_or_a_transfer_is_followed(github: GitHub, link: RepositoryLink, repo: str) -> None:
    github.repository(f"{repo}-new", FILES, access={"dev": "write"})
    known = github.api("GET", f"/repos/{repo}-new")["id"]
    RepositoryLink.across_tenants.filter(pk=link.pk).update(host_id=str(known), etag='"old"')
    github.state.renamed[repo] = f"{repo}-new"
    look(link)
    assert (link.status, link.repo_full_name) == ("connected", f"{repo}-new")
    assert link.clone_url == f"{github.url}/{repo}-new.git"


def test_a_transfer_out_of_our_sight_is_told(github: GitHub, link: RepositoryLink, repo: str) -> None:
    github.repository(f"{repo}-theirs", FILES, private=True)
    github.state.renamed[repo] = f"{repo}-theirs"
    look(link)
    assert (link.status, link.repo_full_name) == ("error", repo)
    assert "deleted or moved" in link.last_error
    assert "credential" in link.last_error


def test_another_repository_of_the_old_name_is_not_taken_for_it(github: GitHub, link: RepositoryLink, repo: str) -> None:
    RepositoryLink.across_tenants.filter(pk=link.pk).update(host_id="0", etag='"old"')
    look(link)
    assert link.status == "error"
    assert "is now another repository" in link.last_error
    assert (link.host_id, link.repo_full_name) == ("0", repo)


def test_a_name_that_is_linked_already_is_told(github: GitHub, link: RepositoryLink, repo: str) -> None:
    github.repository(f"{repo}-two", FILES, access={"dev": "write"})
    RepositoryLinkFactory(
        workspace=link.project.workspace, project=link.project, clone_url=f"{github.url}/{repo}-two.git", provider="github"
    )
    RepositoryLink.across_tenants.filter(pk=link.pk).update(host_id="", etag="")
    github.state.renamed[repo] = f"{repo}-two"
    look(link)
    assert "is already linked to this project" in link.last_error


def test_an_archived_repository_is_told_and_found_again(github: GitHub, link: RepositoryLink, repo: str) -> None:
    github.api("PATCH", f"/repos/{repo}", {"archived": True})
    assert "is archived" in look(link).last_error
    github.api("PATCH", f"/repos/{repo}", {"archived": False})
    assert (look(link).status, link.last_error) == ("connected", "")


def test_a_deleted_repository_is_told(github: GitHub, link: RepositoryLink, repo: str) -> None:
    github.api("DELETE", f"/repos/{repo}")
    told = events()
    assert "deleted or moved" in look(link).last_error
    assert events() == told + 1
    look(link)
    assert events() == told + 1, "the same again is not a change"


def test_lost_rights_and_a_revoked_token_are_told(github: GitHub, link: RepositoryLink, repo: str) -> None:
    github.state.access[repo]["dev"] = "read"
    assert look(link).permissions == {"read": True, "write": False, "admin": False}
    github.revoke(USERS["dev"])
    try:
        assert "does not accept the token" in look(link).last_error
        assert "a new token" in link.last_error
    finally:
        github.state.tokens[USERS["dev"]] = "dev"


def test_a_failing_link_is_looked_at_less_and_less(github: GitHub, link: RepositoryLink, repo: str) -> None:
    github.state.access[repo].pop("dev")
    waits = []
    for _ in range(7):
        look(link)
        assert link.refresh_due_at is not None
        waits.append((link.refresh_due_at - timezone.now()) / timedelta(hours=1))
    for wait, hours in zip(waits, [1, 2, 4, 8, 16, 24, 24], strict=True):
        assert hours * 0.99 < wait < hours * 1.1


def test_a_suspended_installation_is_told(github: GitHub, link: RepositoryLink, settings: Any) -> None:
    settings.MGX_GITHUB_APP_ID, settings.MGX_GITHUB_APP_PRIVATE_KEY = str(APP_ID), github.app_key
    settings.MGX_GITHUB_API_URL = github.api_url
    auth.forget(github.api_url, 100)
    RepositoryLink.across_tenants.filter(pk=link.pk).update(installation_id=100, credential="", etag="")
    github.refuse(status=403, message="This installation has been suspended")
    look(link)
    assert link.last_error.startswith("Installation 100 of the app is suspended")
    assert "unsuspend it" in link.last_error
    assert look(link).status == "connected"


def test_a_token_of_the_app_that_was_revoked_is_made_anew(github: GitHub, link: RepositoryLink, settings: Any) -> None:
    settings.MGX_GITHUB_APP_ID, settings.MGX_GITHUB_APP_PRIVATE_KEY = str(APP_ID), github.app_key
    settings.MGX_GITHUB_API_URL = github.api_url
    RepositoryLink.across_tenants.filter(pk=link.pk).update(installation_id=100, credential="", etag="")
    github.revoke(auth.token_of(github.api_url, 100))
    assert look(link).status == "connected"


def test_a_chosen_branch_stays_and_another_follows_the_service(link: RepositoryLink) -> None:
    RepositoryLink.across_tenants.filter(pk=link.pk).update(default_branch="develop", etag="")
    assert look(link).default_branch == "develop"
    RepositoryLink.across_tenants.filter(pk=link.pk).update(default_branch="old", seen_branch="old", etag="")
    assert look(link).default_branch == "main"


def test_having_to_wait_is_no_error_of_the_link(owner: CallerInTests, github: GitHub, link: RepositoryLink) -> None:
    github.refuse(status=403, message="You have exceeded a secondary rate limit.", headers={"Retry-After": "300"})
    look(link)
    assert link.status == "connected"
    assert link.refresh_due_at is not None
    assert 200 < (link.refresh_due_at - timezone.now()).total_seconds() <= 300
    github.refuse(status=403, message="You have exceeded a secondary rate limit.", headers={"Retry-After": "300"})
    assert owner.api.post(f"/api/repositories/{link.pk}/refresh", {}).status_code == 503


class Killed(BaseException):
    """The worker is gone in the middle of a look."""


@pytest.mark.slow
def test_many_links_stay_within_the_limits(
    owner: CallerInTests, github: GitHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One credential, less requests in a window than links: at most two refusals in each, and a second time is free."""
    monkeypatch.setattr(service_limits, "SPARING", RateLimitItemPerSecond(120))
    monkeypatch.setattr(scheduled_validation, "CLAIM_TIMEOUT", timedelta(seconds=1))
    links, primary = times(500, 150), times(200, 80)
    project = Project.objects.for_workspace(owner.workspace.pk).get(slug="default")
    names = [f"octocat/many-{number}" for number in range(links)]
    for name in names:
        github.api("POST", "/user/repos", {"name": name.partition("/")[2], "private": False})
        RepositoryLinkFactory(
            workspace=owner.workspace, project=project, provider="github", api_base_url=github.api_url, repo_full_name=name,
            clone_url=f"{github.url}/{name}.git", credential=USERS["octocat"],
        )  # fmt: skip
    github.state.limits = strict = Limits(primary=primary, window=4, secondary=150)
    revalidate = scheduled_validation.revalidate
    looks = 0

    def killed_once(link_id: Any) -> None:
        nonlocal looks
        looks += 1
        if looks == links // 5:
            raise Killed
        revalidate(link_id)

    monkeypatch.setattr(scheduled_validation, "revalidate", killed_once)
    try:
        asked = len(github.state.requests)
        first = refresh_all(owner, links)
        answers = [status for _, _, status in github.state.requests[asked:]]
        rows = RepositoryLink.across_tenants.filter(project=project)
        assert rows.filter(status="connected", last_validated_at__isnull=False).count() == links
        assert answers.count(200) == links, "each once"
        assert max(strict.windows) <= primary * 0.9, "the reserve is there for runs"
        assert strict.refused <= 2 * len(strict.windows)
        windows, refused, paid = list(strict.windows), strict.refused, sum(strict.windows)
        second = refresh_all(owner, links)
        assert sum(strict.windows) == paid, "a second time uses up nothing"
        assert strict.refused <= 2 * len(strict.windows)
    finally:
        github.state.limits = None
    with capsys.disabled():
        print(f"\n{links} links: {first:.1f} s, windows {windows}, {refused} refused; again: {second:.1f} s, nothing paid")


def refresh_all(owner: CallerInTests, links: int) -> float:
    """Seconds that it takes until nothing waits any more; workers come again and again, as the reaper has them do."""
    answer = owner.api.post("/api/repositories/refresh", {})
    assert (answer.status_code, answer.json()) == (202, {"queued": links})
    began = time.monotonic()
    waiting = RepositoryLink.across_tenants.filter(refresh_asked_at__isnull=False)
    while waiting.exists():
        assert time.monotonic() - began < 120
        try:
            if not scheduled_validation.work_off():
                time.sleep(0.05)
        except Killed:
            pass
    return time.monotonic() - began


def test_asking_for_all_is_for_admins_and_for_the_workspace(
    owner: CallerInTests, stranger: CallerInTests, github: GitHub, link: RepositoryLink
) -> None:
    assert stranger.api.post("/api/repositories/refresh", {}).json() == {"queued": 0}
    assert stranger.api.post("/api/repositories/refresh", {"project_id": str(link.project_id)}).status_code == 404
    assert owner.api.post("/api/repositories/refresh", {"project_id": str(link.project_id)}).json() == {"queued": 1}
    row = owner.api.get(f"/api/repositories/{link.pk}").json()
    assert row["refresh_asked_at"] is not None
    scheduled_validation.work_off()
    row = owner.api.get(f"/api/repositories/{link.pk}").json()
    assert row["refresh_asked_at"] is None
    assert row["refresh_due_at"] > row["last_validated_at"]
