"""Whoever sets MGX_LOG_LEVEL=DEBUG to find a fault does not get the secrets of all tenants into the log."""

from __future__ import annotations

import logging

import pytest
from django.test import override_settings

from mgx_project.common.errors import MGXError
from repositories.git.remote import RemoteSource
from repositories.hosting.github.client import GitHubClient
from repositories.validation import probe_remote
from tests.support.github import APP_ID, USERS, GitHub

HOOK_SECRET = "hook-s3cret-of-the-link"


def test_no_secret_is_logged(github: GitHub, repo: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app = {"MGX_GITHUB_APP_ID": str(APP_ID), "MGX_GITHUB_APP_PRIVATE_KEY": github.app_key, "MGX_GITHUB_API_URL": github.api_url}
    with override_settings(**app):
        host = GitHubClient(github.api_url, repo, installation_id=100)
        minted = host.login().secret
        host.repository()
        host.installation()
    GitHubClient(github.api_url, repo, token=USERS["octocat"]).ensure_webhook("https://mgx.example/hook", HOOK_SECRET)
    for token in ("wr0ng-token", USERS["stranger"]):
        with pytest.raises(MGXError):
            GitHubClient(github.api_url, repo, token=token).repository()
        with pytest.raises(MGXError):
            probe_remote(RemoteSource(f"{github.url}/{repo}.git", credential=token))
    assert probe_remote(RemoteSource(f"{github.url}/{repo}.git", credential=USERS["dev"])).default_branch == "main"
    assert caplog.records
    key = github.app_key.splitlines()[1]
    for secret in (minted, HOOK_SECRET, "wr0ng-token", *USERS.values(), key, "Bearer ey"):
        assert secret not in caplog.text, [record.name for record in caplog.records if secret in record.getMessage()]
