"""GITHUB_PAT: the embedded server's only user lends it to links that have nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pytest_django import Settings

from repositories.apps import RepositoriesConfig
from repositories.checkout_source import origin_of
from repositories.hosting.registry import host_of
from repositories.models import RepositoryLink
from tests.conftest import CallerInTests
from tests.support.github import USERS, GitHub
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_token(github: GitHub, settings: Settings) -> None:
    settings.MGX_ENV = "embedded"
    settings.MGX_GITHUB_API_URL = github.api_url
    settings.MGX_GITHUB_PAT = USERS["dev"]


def connect(owner: CallerInTests, repo: str, **body: Any) -> Any:
    return owner.api.post("/api/repositories/connect", {"url": repo, **body})


def test_a_link_without_a_credential_uses_it_for_api_and_git(owner: CallerInTests, repo: str) -> None:
    answer = connect(owner, repo)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["has_credential"] is False
    link = RepositoryLink.across_tenants.get()
    assert link.credential == ""
    told = [answer.json(), list(AuditEntry.across_tenants.values()), list(Event.across_tenants.values())]
    assert USERS["dev"] not in str(told)
    origin = origin_of(workspace_id=link.workspace_id, project_id=link.project_id, repository_id=link.pk)
    assert origin.credential == ""
    ready = asyncio.run(origin.ready())
    assert ready.source().credential == USERS["dev"]
    assert USERS["dev"] not in repr(ready)


def test_a_credential_of_its_own_comes_first(owner: CallerInTests, repo: str) -> None:
    assert connect(owner, repo, credential=USERS["stranger"]).status_code == 404


@pytest.mark.parametrize("env", ["production", "development"])
def test_another_server_ignores_it(owner: CallerInTests, repo: str, settings: Settings, env: str) -> None:
    settings.MGX_ENV = env
    assert connect(owner, repo).status_code in (403, 404)


def test_another_service_does_not_get_it(owner: CallerInTests, github: GitHub, repo: str, settings: Settings) -> None:
    settings.MGX_GITHUB_API_URL = "https://api.github.com"
    assert connect(owner, repo, provider="github", api_base_url=github.api_url).status_code in (403, 404)
    link = RepositoryLink(provider="github", api_base_url="https://api.github.com", repo_full_name="a/b", installation_id=7)
    host: Any = host_of(link)
    assert host._token == ""


def test_a_server_that_ignores_it_says_so_once_at_its_start(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    import repositories

    app = RepositoriesConfig("repositories", repositories)
    app.ready()
    assert not caplog.records
    settings.MGX_ENV = "production"
    app.ready()
    (record,) = caplog.records
    assert "GITHUB_PAT is ignored" in record.getMessage()
    assert USERS["dev"] not in record.getMessage()
