"""Tokens of a GitHub App's installations: created with the app's key, cached in this process until shortly before they expire.

Format: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import github
from django.conf import settings
from github.GithubException import GithubException, UnknownObjectException

from mgx_project.common import clock

from ...errors import HostFailed
from .error_mapping import busy, is_limit

OTHERWISE = "give the link a token: mgx repo link NAME --token-env VARIABLE"
EARLY = 300.0
"""A token is no longer used in the last seconds before it expires, so that it does not expire during a push."""


@dataclass(frozen=True)
class _Token:
    secret: str = field(repr=False)
    expires: float
    grants: Mapping[str, str]


_tokens: dict[tuple[str, int], _Token] = {}
_locks = tuple(threading.Lock() for _ in range(64))
"""Locks, each shared by some installations, so that a slow response for one delays few others."""


def token_of(api_base_url: str, installation_id: int) -> str:
    """A token of the installation that is valid for at least five minutes. Raises HostFailed."""
    return _token(api_base_url, installation_id).secret


def grants_of(api_base_url: str, installation_id: int) -> Mapping[str, str]:
    """The permissions of the installation: `contents` → `write`, and so on. The `permissions` of a repository in GitHub's API
    are those of accounts; for an installation all of them are false. Raises HostFailed."""
    return _token(api_base_url, installation_id).grants


def installation_on(api_base_url: str, full_name: str) -> int | None:
    """The installation of the server's app that has access to the repository, or None. Raises HostFailed."""
    owner, _, name = full_name.partition("/")
    try:
        return int(_app(api_base_url).get_repo_installation(owner, name).id)
    except UnknownObjectException:
        return None
    except GithubException as error:
        said = f"{api_base_url} did not return the app's installation ({error.status})."
        raise HostFailed(said, code="app_refused") from None


def _token(api_base_url: str, installation_id: int) -> _Token:
    key = (api_base_url, installation_id)
    with _locks[hash(key) % len(_locks)]:  # one at a time: a second caller finds what the first has made
        known = _tokens.get(key)
        if known is None or known.expires - EARLY < clock.now().timestamp():
            known = _tokens[key] = _mint(api_base_url, installation_id)
        return known


def forget(api_base_url: str, installation_id: int) -> None:
    """Drops a token that the service no longer accepts."""
    _tokens.pop((api_base_url, installation_id), None)


def _app(api_base_url: str) -> github.GithubIntegration:
    if api_base_url != settings.MGX_GITHUB_API_URL:
        # the app's own signature is good for all its installations: no other service may see one
        raise HostFailed(
            f"The server's GitHub App is registered on {settings.MGX_GITHUB_API_URL}, not on {api_base_url}.",
            code="app_elsewhere",
            hint="Give the link a token: mgx repo link NAME --token-env VARIABLE",
        )
    if not settings.MGX_GITHUB_APP_ID or not settings.MGX_GITHUB_APP_PRIVATE_KEY:
        raise HostFailed(
            "This server has no GitHub App, so it can't act as an installation.",
            code="app_unset",
            hint=f"Set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY (or _PATH), or {OTHERWISE}",
        )
    auth = github.Auth.AppAuth(settings.MGX_GITHUB_APP_ID, settings.MGX_GITHUB_APP_PRIVATE_KEY)
    return github.GithubIntegration(
        auth=auth, base_url=api_base_url, timeout=20, retry=0, seconds_between_requests=None, seconds_between_writes=None
    )


def _mint(api_base_url: str, installation_id: int) -> _Token:
    app = _app(api_base_url)
    try:
        made = app.get_access_token(installation_id)
    except GithubException as error:
        raise _refused(error, api_base_url, installation_id) from None
    return _Token(made.token, made.expires_at.timestamp(), dict(made.permissions))


def _refused(error: GithubException, api_base_url: str, installation_id: int) -> HostFailed:
    if is_limit(error):
        return busy(error, "GitHub's rate limit for the app is reached.")
    if error.status == 403 and "suspended" in str(error.data).lower():
        return HostFailed(
            f"Installation {installation_id} of the app is suspended.",
            code="app_suspended",
            hint=f"Ask the account's owner to unsuspend it (Settings, Applications), or {OTHERWISE}",
        )
    if error.status == 404:
        return HostFailed(
            f"Installation {installation_id} of the app does not exist on {api_base_url}.",
            code="app_refused",
            hint="Install the app again, and link it with its new installation: mgx repo link NAME --installation ID",
        )
    return HostFailed(
        f"{api_base_url} did not create a token for installation {installation_id} ({error.status}).",
        code="app_refused",
        hint="Check that the app is installed there, and that its id and key are correct.",
    )
