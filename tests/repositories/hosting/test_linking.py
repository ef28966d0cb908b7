"""Linking GitHub repositories over the REST API."""

from __future__ import annotations

from typing import Any

import pytest

from repositories.models import RepositoryLink
from tests.conftest import CallerInTests
from tests.support.github import APP_ID, USERS, GitHub
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db


def ask(caller: CallerInTests, path: str, status: int, **body: Any) -> Any:
    answer = caller.api.post(f"/api/repositories/{path}", body)
    assert answer.status_code == status, answer.json()
    return answer.json()


@pytest.fixture
def named(github: GitHub, repo: str) -> dict[str, Any]:
    return {"url": repo, "api_base_url": github.api_url, "credential": USERS["dev"]}


def test_a_link_says_what_the_token_may_do(owner: CallerInTests, github: GitHub, repo: str, named: dict[str, Any]) -> None:
    tested = ask(owner, "test", 200, **named)
    assert tested == {
        "ok": True,
        "repo_full_name": repo,
        "default_branch": "main",
        "permissions": {"read": True, "write": True, "admin": False},
    }
    link = ask(owner, "connect", 201, **named)
    assert (link["provider"], link["repo_full_name"], link["default_branch"]) == ("github", repo, "main")
    assert link["permissions"] == tested["permissions"]
    assert (link["clone_url"], link["status"]) == (f"{github.url}/{repo}.git", "connected")
    told = [link, list(AuditEntry.across_tenants.values()), list(Event.across_tenants.values())]
    assert USERS["dev"] not in str(told)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"url": "octocat/does not exist"}, 400, "bad_repository_name"),
        ({"url": "octocat/no-such-repository"}, 404, "repository_not_found"),
        ({"credential": USERS["stranger"]}, 404, "repository_not_found"),
        ({"credential": "wrong"}, 403, "no_access"),
        ({"api_base_url": "https://169.254.169.254/api/v3"}, 403, "address_refused"),
        ({"api_base_url": "http://169.254.169.254/api/v3"}, 403, "credential_over_http"),
        ({"api_base_url": "ftp://example.org"}, 400, "bad_request"),
    ],
)
def test_what_is_wrong_is_told(
    owner: CallerInTests, named: dict[str, Any], change: dict[str, Any], status: int, code: str
) -> None:
    for path in ("test", "connect"):
        said = ask(owner, path, status, **{**named, **({"provider": "github"} if "url" in change else {}), **change})
        assert said["code"] == code
        assert str(named["credential"]) not in str(said)
    assert not RepositoryLink.across_tenants.exists()


def test_a_limit_is_told_with_the_time(owner: CallerInTests, github: GitHub, named: dict[str, Any]) -> None:
    github.refuse(status=403, message="You have exceeded a secondary rate limit.", headers={"Retry-After": "30"})
    answer = owner.api.post("/api/repositories/test", named)
    assert (answer.status_code, answer.json()["code"]) == (503, "host_rate_limited")
    assert answer.headers["Retry-After"] == "30"


def test_a_rename_is_noticed(owner: CallerInTests, github: GitHub, repo: str, named: dict[str, Any]) -> None:
    github.state.renamed["octocat/old"] = repo
    link = ask(owner, "connect", 201, **{**named, "url": "octocat/old"})
    assert (link["repo_full_name"], link["clone_url"]) == (repo, f"{github.url}/{repo}.git")


def test_the_old_name_of_what_is_linked_is_the_same_link(
    owner: CallerInTests, github: GitHub, repo: str, named: dict[str, Any]
) -> None:
    link = ask(owner, "connect", 201, **named)
    github.state.renamed["octocat/old"] = repo
    again = ask(owner, "connect", 200, **{**named, "url": "octocat/old"})
    assert (again["id"], again["repo_full_name"], again["clone_url"]) == (link["id"], repo, f"{github.url}/{repo}.git")


def test_its_address_alone_does_not_make_it_plain_git(owner: CallerInTests, named: dict[str, Any]) -> None:
    link = ask(owner, "connect", 201, **named)
    again = ask(owner, "connect", 200, url=link["clone_url"], provider="git")
    kept = ("id", "provider", "api_base_url", "repo_full_name", "has_credential", "permissions")
    assert {name: again[name] for name in kept} == {name: link[name] for name in kept}


def test_what_is_no_github_is_told(owner: CallerInTests, github: GitHub, named: dict[str, Any]) -> None:
    for path in ("test", "connect"):
        github.refuse(status=200, message="Welcome to our wiki")
        said = ask(owner, path, 502, **named)
        assert (said["code"], github.api_url in said["detail"]) == ("bad_answer", True)
    assert not RepositoryLink.across_tenants.exists()


def test_a_lost_repository_is_noticed(owner: CallerInTests, github: GitHub, repo: str, named: dict[str, Any]) -> None:
    link = ask(owner, "connect", 201, **named)
    github.state.access[repo].pop("dev")
    lost = ask(owner, f"{link['id']}/refresh", 200)
    assert (lost["status"], repo in lost["last_error"]) == ("error", True)
    github.state.access[repo]["dev"] = "read"
    found = ask(owner, f"{link['id']}/refresh", 200)
    assert (found["status"], found["last_error"], found["permissions"]["write"]) == ("connected", "", False)


def test_an_archived_repository_is_not_linked(owner: CallerInTests, github: GitHub, repo: str, named: dict[str, Any]) -> None:
    github.api("PATCH", f"/repos/{repo}", {"archived": True})
    assert ask(owner, "connect", 409, **named)["code"] == "archived"


class TestInstallation:
    """The app's key opens every installation, of all tenants: a tenant must prove that one is theirs."""

    @pytest.fixture(autouse=True)
    def app(self, github: GitHub, settings: Any) -> None:
        settings.MGX_GITHUB_APP_ID, settings.MGX_GITHUB_APP_PRIVATE_KEY = str(APP_ID), github.app_key
        settings.MGX_GITHUB_API_URL = github.api_url

    def test_an_administrator_lets_the_app_act(self, owner: CallerInTests, named: dict[str, Any]) -> None:
        link = ask(owner, "connect", 201, **{**named, "credential": USERS["octocat"], "installation_id": 100})
        assert (link["installation_id"], link["has_credential"]) == (100, False)
        assert link["permissions"] == {"read": True, "write": True, "admin": False}  # what the app was granted
        assert ask(owner, f"{link['id']}/refresh", 200)["status"] == "connected"

    def test_only_the_installation_that_is_there_acts(self, owner: CallerInTests, named: dict[str, Any]) -> None:
        said = ask(owner, "connect", 403, **{**named, "credential": USERS["octocat"], "installation_id": 101})
        assert (said["code"], "installation is 100" in said["hint"]) == ("installation_elsewhere", True), said
        assert not RepositoryLink.across_tenants.exists()

    def test_who_was_named_last_acts_alone(self, owner: CallerInTests, named: dict[str, Any]) -> None:
        link = ask(owner, "connect", 201, **{**named, "credential": USERS["octocat"]})
        app = ask(owner, "connect", 200, **{**named, "credential": USERS["octocat"], "installation_id": 100})
        assert (app["id"], app["installation_id"], app["has_credential"]) == (link["id"], 100, False)
        refused = owner.api.patch(f"/api/repositories/{link['id']}", {"credential": "wrong"})
        assert (refused.status_code, refused.json()["code"]) == (403, "no_access")
        changed = owner.api.patch(f"/api/repositories/{link['id']}", {"credential": USERS["dev"]}).json()
        assert (changed["installation_id"], changed["has_credential"]) == (None, True)
        assert changed["permissions"] == {"read": True, "write": True, "admin": False}

    @pytest.mark.parametrize("credential", ["", USERS["dev"]])
    def test_nobody_else_does(self, owner: CallerInTests, named: dict[str, Any], credential: str) -> None:
        said = owner.api.post("/api/repositories/connect", {**named, "credential": credential, "installation_id": 100})
        assert said.status_code in (403, 404), said.json()
        assert not RepositoryLink.across_tenants.exists()
