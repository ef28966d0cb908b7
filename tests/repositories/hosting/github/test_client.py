"""What is GitHub's own: its limits, its renames, its apps, and the addresses that are never reached."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from mgx_project.common import clock
from mgx_project.common.errors import BadRequest, NotAllowed
from repositories.errors import AddressRefused, HostBusy, HostFailed
from repositories.hosting.base import Login
from repositories.hosting.github.client import GitHubClient, auth
from tests.support.github import APP_ID, USERS, GitHub

from ..conftest import HostOf


def test_the_primary_limit_says_how_long(github: GitHub, host: HostOf) -> None:
    reset = int(time.time()) + 90
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    github.refuse(status=403, message="API rate limit exceeded for user ID 1.", headers=headers)
    with pytest.raises(HostBusy) as raised:
        host().repository()
    assert 80 < raised.value.retry_after < 91  # the database's time may be behind this process's


def test_a_missing_right_is_named(github: GitHub, host: HostOf) -> None:
    github.refuse(
        status=403,
        message="Resource not accessible by personal access token",
        headers={"X-Accepted-GitHub-Permissions": "pull_requests=write"},
    )
    with pytest.raises(NotAllowed) as raised:
        host().repository()
    assert "pull_requests=write" in raised.value.hint


def test_a_renamed_repository_is_found_under_its_new_name(github: GitHub, repo: str, host: HostOf) -> None:
    github.state.renamed["octocat/old-name"] = repo
    assert host("octocat", "octocat/old-name").repository().full_name == repo


def test_rights_that_have_not_changed_cost_nothing(github: GitHub, repo: str, host: HostOf) -> None:
    asked = len(github.state.requests)
    assert [host().level_of("dev") for _ in range(3)] == ["write"] * 3
    github.state.access[repo]["dev"] = "read"
    assert host().level_of("dev") == "read"
    assert [status for _, _, status in github.state.requests[asked:]] == [200, 304, 304, 200]


@pytest.mark.parametrize("level", ["triage", "maintain"])
def test_levels_between_the_old_ones_are_told_apart(github: GitHub, repo: str, host: HostOf, level: str) -> None:
    github.state.access[repo]["dev"] = level
    assert host().level_of("dev") == level


def test_a_check_that_was_cancelled_is_not_red(github: GitHub, repo: str, host: HostOf) -> None:
    sha = github.push(repo, {"a": "b\n"}, "change", branch="mgx/topic")
    for name, conclusion in (("old", "cancelled"), ("slow", "timed_out")):
        run = {"name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion}
        github.api("POST", f"/repos/{repo}/check-runs", run)
    assert [check.name for check in host().failed_checks(sha)] == ["slow"]


def test_git_gets_in_as_github_wants_it(host: HostOf) -> None:
    assert host("dev").login() == Login("x-access-token", USERS["dev"])


def test_a_redirect_elsewhere_is_not_followed(github: GitHub, host: HostOf) -> None:
    github.refuse(status=301, message="Moved", headers={"Location": "http://192.0.2.1/repos/octocat/shop"})
    with pytest.raises(HostFailed):
        host().repository()


@pytest.mark.parametrize("address", ["169.254.169.254", "2852039166", "0xa9fea9fe"])
def test_a_metadata_service_is_never_asked(address: str) -> None:
    """However it is written: what counts is where the name leads."""
    with pytest.raises((AddressRefused, BadRequest)):
        GitHubClient(f"http://{address}/api/v3", "octocat/shop").repository()


class TestApp:
    @pytest.fixture(autouse=True)
    def app(self, github: GitHub, settings: Any) -> None:
        settings.MGX_GITHUB_APP_ID, settings.MGX_GITHUB_APP_PRIVATE_KEY = str(APP_ID), github.app_key
        settings.MGX_GITHUB_API_URL = github.api_url
        auth.forget(github.api_url, 100)

    def minted(self, github: GitHub) -> int:
        return sum(path.endswith("/access_tokens") for method, path, _ in github.state.requests if method == "POST")

    def test_an_installation_acts_with_a_token_that_is_made_once(self, github: GitHub, repo: str) -> None:
        before = self.minted(github)
        for _ in range(3):
            host = GitHubClient(github.api_url, repo, installation_id=100)
            assert host.repository().permissions["write"] is True
        assert self.minted(github) == before + 1
        assert host.login().secret not in USERS.values()

    def test_a_token_is_made_anew_before_it_expires(self, github: GitHub, repo: str, monkeypatch: pytest.MonkeyPatch) -> None:
        host = GitHubClient(github.api_url, repo, installation_id=100)
        first = host.login().secret
        late = clock.now() + timedelta(seconds=3600 - auth.EARLY + 5)
        monkeypatch.setattr(clock, "now", lambda: late)
        assert host.login().secret != first

    def test_an_unknown_installation(self, github: GitHub, repo: str) -> None:
        with pytest.raises(HostFailed) as raised:
            GitHubClient(github.api_url, repo, installation_id=999).repository()
        assert raised.value.code == "app_refused"

    def test_no_other_service_sees_what_the_app_signs(self, github: GitHub, repo: str, settings: Any) -> None:
        settings.MGX_GITHUB_API_URL = "https://api.github.com"
        asked = len(github.state.requests)
        with pytest.raises(HostFailed) as raised:
            GitHubClient(github.api_url, repo, installation_id=100).repository()
        assert raised.value.code == "app_elsewhere"
        assert len(github.state.requests) == asked

    def test_a_server_that_is_no_app(self, github: GitHub, repo: str, settings: Any) -> None:
        settings.MGX_GITHUB_APP_ID = ""
        with pytest.raises(HostFailed) as raised:
            GitHubClient(github.api_url, repo, installation_id=100).repository()
        assert raised.value.code == "app_unset"
