"""Maps GitHub's errors to ours, with messages for the person who must act and without secrets.

Headers and statuses: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from github.GithubException import (
    BadAttributeException,
    BadCredentialsException,
    GithubException,
    RateLimitExceededException,
    UnknownObjectException,
)

from mgx_project.common.errors import NotAllowed, NotFound

from ...errors import HostBusy, HostFailed
from ..service_limits import wait_of


@contextmanager
def speaking(api: str, name: str, what: str) -> Iterator[None]:
    """Translates every failure of ``what`` for the repository ``name`` into NotAllowed, NotFound, HostBusy or HostFailed."""
    try:
        yield
    except (NotAllowed, NotFound, HostFailed):
        raise
    except BadCredentialsException:
        raise NotAllowed(
            f"{api} does not accept the token ({what}).",
            code="no_access",
            hint="It may have been revoked or have expired. Give the link a new token: mgx repo link NAME --token-env VARIABLE",
        ) from None
    except UnknownObjectException:
        raise NotFound(
            f"{api}: {name} does not exist or this token does not have access to it ({what}).",
            code="repository_not_found",
            hint="Check the name, and that the token has access to the repository.",
        ) from None
    except GithubException as error:
        raise _explained(error, api, name, what) from None
    except RuntimeError:  # PyGithub's word for a redirect to another host
        raise HostFailed(
            f"{api} redirects to another host ({what}).",
            code="redirected",
            hint="Link it by the service's current address: mgx repo link NAME --api-url URL --token-env VARIABLE",
        ) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise HostFailed(
            f"{api} can't be reached ({what}): {type(error).__name__}.",
            code="unreachable",
            hint="Try again when the service is available. To check, refresh the link.",
        ) from None
    except (AssertionError, BadAttributeException, KeyError, ValueError):
        # the assertion is PyGithub's, that a next page is on the same host
        raise no_github(api, what) from None


def no_github(api: str, what: str) -> HostFailed:
    return HostFailed(
        f"{api} does not respond like the GitHub API ({what}).",
        code="bad_answer",
        hint="Name the address of its API, such as: mgx repo link NAME --api-url https://github.example.com/api/v3",
    )


def is_limit(error: GithubException) -> bool:
    """Whether the error is a rate limit of GitHub, primary or secondary."""
    headers = _headers(error)
    asks = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return isinstance(error, RateLimitExceededException) or (error.status in (403, 429) and asks)


def busy(error: GithubException, detail: str = "GitHub's rate limit is reached.") -> HostBusy:
    return HostBusy(detail, retry_after=wait_of(_headers(error)))


def is_for_good(error: GithubException) -> bool:
    """Whether this single action was refused, as opposed to the whole token or a rate limit."""
    return error.status in (403, 404, 410, 422) and not is_limit(error)


def said(error: GithubException) -> str:
    """GitHub's own message, with those about single fields."""
    data: Any = error.data if isinstance(error.data, dict) else {}
    words = [str(data.get("message") or error.message or "no reason given")]
    words += [
        str(entry.get("message")) for entry in data.get("errors") or [] if isinstance(entry, dict) and entry.get("message")
    ]
    return " ".join(" ".join(words).split())[:400]


def _explained(error: GithubException, api: str, name: str, what: str) -> NotAllowed | HostFailed:
    if is_limit(error):
        return busy(error)
    if error.status == 403:
        headers = _headers(error)
        needed = headers.get("x-accepted-github-permissions") or headers.get("x-accepted-oauth-scopes")
        hint = f"The token needs: {needed}." if needed else "Give the token (or the app) the required permission."
        return NotAllowed(f"{name}: {said(error)} ({what}).", code="no_access", hint=hint)
    if error.status >= 500:
        return HostFailed(f"{api} answered {error.status} ({what}).", code="host_unavailable", hint="Try again later.")
    return HostFailed(f"{api} refused: {said(error)} ({what}, {error.status}).")


def _headers(error: GithubException) -> Mapping[str, str]:
    return {name.lower(): value for name, value in (error.headers or {}).items()}
