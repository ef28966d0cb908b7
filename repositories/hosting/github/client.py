"""GitHub and GitHub Enterprise by PyGithub.

API: https://docs.github.com/en/rest?apiVersion=2022-11-28
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any, Literal, cast, overload
from urllib.parse import quote

import github
from github.GithubException import BadCredentialsException, GithubException
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest as Pull
from github.Repository import Repository

from mgx_project.common.errors import NotFound

from ...git.remote import MAX_BRANCH
from ..base import (
    LEVELS,
    Comment,
    FailedCheck,
    HostedPullRequest,
    Level,
    Login,
    PullRequestText,
    RemoteRepository,
    ReviewComment,
    SubmittedReview,
)
from . import auth, transport
from .comment_syntax import is_ours, marked
from .error_mapping import is_for_good, no_github, said, speaking
from .webhook_parsing import VERDICTS

TIMEOUT = 20
MAX_COMMENTS = 2_500
"""The number of comments of an issue or pull request that are searched. GitHub allows no more, so ours is always
found."""
MAX_OUTPUT = 6_000
MAX_BODY = 65_000
"""Characters. GitHub refuses more than 65,536."""
RED = frozenset(("failure", "timed_out", "startup_failure", "action_required"))
"""Conclusions that count as a failed check; cancelled, skipped and neutral ones do not."""
HOOK_EVENTS = (
    "push", "issues", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "check_suite",
    "repository",
)  # fmt: skip
MAX_ETAG = 200
_FULL_NAME = re.compile(r"(?!\.{1,2}/)[\w.-]{1,100}/(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?")
MAX_PERMISSIONS = 1_000
_permissions: dict[tuple[str, str, str], tuple[str, str]] = {}
"""Cached permissions of accounts: (API, path, who asked) → (etag, permission). Used only after GitHub confirms the etag."""

transport.install()


class GitHubClient:
    """One repository. ``token`` is a personal access token; with ``installation_id`` the server's own app acts instead."""

    def __init__(self, api_base_url: str, full_name: str, *, token: str = "", installation_id: int | None = None) -> None:
        self._api = api_base_url
        self._name = full_name
        self._token = token
        self._installation = installation_id

    # the repository

    @overload
    def repository(self) -> RemoteRepository: ...
    @overload
    def repository(self, known: str) -> RemoteRepository | None: ...

    def repository(self, known: str = "") -> RemoteRepository | None:
        with self._speaking("reading the repository"):
            self.__dict__.pop("_repository", None)
            try:
                found, etag = self._read(known)
            except BadCredentialsException:
                if self._installation is None:
                    raise
                auth.forget(self._api, self._installation)  # revoked before its time: one that is new may do
                self.__dict__.pop("_client", None)
                found, etag = self._read(known)
            if found is None:
                return None
            self.__dict__["_repository"] = found
            return RemoteRepository(
                full_name=found.full_name,
                default_branch=found.default_branch or "",
                clone_url=found.clone_url,
                web_url=found.html_url,
                permissions=self._rights(found),
                private=found.private,
                archived=found.archived,
                id=str(found.id),
                etag=etag,
            )

    def installation(self) -> int | None:
        with self._speaking("asking for the app's installation"):
            return auth.installation_on(self._api, self._name)

    def login(self) -> Login:
        with self._speaking("making a token"):
            return Login("x-access-token", self._secret())

    def ensure_webhook(self, url: str, secret: str) -> None:
        config = {"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
        with self._speaking("setting up the webhook"):
            for known in self._repository.get_hooks():
                if known.config.get("url") == url:
                    known.edit("web", config, events=list(HOOK_EVENTS), active=True)
                    return
            self._repository.create_hook("web", config, events=list(HOOK_EVENTS), active=True)

    def level_of(self, account: str) -> Level:
        if not _ACCOUNT.fullmatch(account):
            return "none"
        try:
            with self._speaking(f"asking for the rights of {account}"):
                level: Any = self._permission(account)
        except NotFound:
            return "none"
        return cast(Level, level) if level in LEVELS else "none"

    # pull requests

    def pull_request(self, number: int) -> HostedPullRequest:
        with self._speaking(f"reading pull request #{number}"):
            return _pull(self._repository.get_pull(number))

    def open_pull_request(self, text: PullRequestText, *, branch: str, base: str, draft: bool) -> HostedPullRequest:
        text = replace(text, body=text.body[:MAX_BODY])
        with self._speaking("opening the pull request"):
            there = self._pull_of(branch)
            if there is None or there.state != "open":
                there = self._create(text, branch=branch, base=base, draft=draft)
            return self._say(there, text)

    # talk

    def comment(self, number: int, body: str, *, marker: str) -> Comment:
        with self._speaking(f"commenting on #{number}"):
            issue = self._repository.get_issue(number)
            whole = f"{body[:MAX_BODY]}\n\n{marked(marker)}"
            for known in islice(issue.get_comments(), MAX_COMMENTS):
                if marked(marker) in (known.body or ""):
                    if known.body != whole:
                        known.edit(whole)
                    return Comment(known.id, known.html_url)
            made = issue.create_comment(whole)
            return Comment(made.id, made.html_url)

    def react(self, comment_id: int, sign: Literal["eyes"], *, remark: bool = False) -> None:
        with self._speaking("reacting to a comment"):
            url = f"{self._repository.url}/{'pulls' if remark else 'issues'}/comments/{comment_id}"
            IssueComment(self._repository.requester, attributes={"url": url}, completed=True).create_reaction(sign)

    def review_comments(self, number: int) -> list[ReviewComment]:
        with self._speaking(f"reading the review of #{number}"):
            found = islice(self._repository.get_pull(number).get_review_comments(), MAX_COMMENTS)
            return [
                ReviewComment(
                    id=comment.id,
                    author=comment.user.login if comment.user else "",
                    path=comment.path,
                    line=comment.line,
                    body=comment.body or "",
                    reply_to=comment.in_reply_to_id or 0,
                    is_ours=is_ours(comment.body or ""),
                    review=comment.pull_request_review_id or 0,
                )
                for comment in found
            ]

    def review(self, number: int, review_id: int) -> SubmittedReview:
        with self._speaking(f"reading the review of #{number}"):
            found = self._repository.get_pull(number).get_review(review_id)
            author = found.user.login if found.user else ""
            return SubmittedReview(author, found.body or "", VERDICTS.get((found.state or "").lower(), "none"))

    def reply(self, number: int, comment_id: int, body: str, *, marker: str) -> Comment:
        with self._speaking(f"answering the review of #{number}"):
            pull = self._repository.get_pull(number)
            for known in islice(pull.get_review_comments(), MAX_COMMENTS):
                if known.in_reply_to_id == comment_id and marked(marker) in (known.body or ""):
                    return Comment(known.id, known.html_url)
            made = pull.create_review_comment_reply(comment_id, f"{body}\n\n{marked(marker)}")
            return Comment(made.id, made.html_url)

    def failed_checks(self, sha: str) -> list[FailedCheck]:
        with self._speaking(f"reading the checks of {sha[:10]}"):
            runs = self._repository.get_commit(sha).get_check_runs(filter="latest")
            return [
                FailedCheck(run.id, run.name, run.html_url or "", _output(run))
                for run in islice(runs, 100)
                if run.conclusion in RED
            ]

    # plumbing

    def _rights(self, found: Repository) -> dict[str, bool]:
        if self._installation is not None:
            grants = auth.grants_of(self._api, self._installation)
            needed = {"write": ("contents", "pull_requests"), "admin": ("repository_hooks",)}
            return {"read": True, **{right: all(grants.get(name) == "write" for name in of) for right, of in needed.items()}}
        may = found.permissions
        return {"read": True, "write": bool(may and may.push), "admin": bool(may and may.admin)}

    def _secret(self) -> str:
        if self._installation is not None:
            return auth.token_of(self._api, self._installation)
        return self._token

    def _permission(self, account: str) -> str:
        """Checked for every command. An unchanged answer does not count against the rate limit."""
        client, path = self._client, f"/repos/{self._name}/collaborators/{quote(account, safe='')}/permission"
        key = (self._api, path, hashlib.sha256(self._secret().encode()).hexdigest())
        etag, level = _permissions.get(key, ("", ""))
        headers, data = client.requester.requestJsonAndCheck("GET", path, headers={"If-None-Match": etag} if etag else None)
        if data:
            # `permission` takes maintainers for writers; a role of the organisation's own has no other word
            level = data["role_name"] if data.get("role_name") in LEVELS else data["permission"]
            if len(_permissions) >= MAX_PERMISSIONS:
                _permissions.clear()
            _permissions[key] = headers.get("etag", ""), level
        return level

    def _read(self, known: str) -> tuple[Repository | None, str]:
        """The repository and its etag; None instead of the repository if it still has the ``known`` etag."""
        asked = self._client.requester
        headers, data = asked.requestJsonAndCheck(
            "GET", f"/repos/{self._name}", headers={"If-None-Match": known} if known else None
        )
        if known and not data:  # 304
            return None, known
        if not isinstance(data, dict) or not _is_repository(data):
            raise no_github(self._api, "reading the repository")
        etag = headers.get("etag", "")
        return Repository(asked, headers, data, completed=True), etag if len(etag) <= MAX_ETAG else ""

    @cached_property
    def _repository(self) -> Repository:
        return self._client.get_repo(self._name)

    @cached_property
    def _client(self) -> github.Github:
        secret = self._secret()
        return github.Github(
            base_url=self._api,
            auth=github.Auth.Token(secret) if secret else None,
            timeout=TIMEOUT,
            retry=0,
            seconds_between_requests=None,
            seconds_between_writes=None,
            user_agent="mgx-agent",
            per_page=100,
        )

    def _pull_of(self, branch: str) -> Pull | None:
        owner = self._name.partition("/")[0]
        pulls: Sequence[Pull] = list(islice(self._repository.get_pulls(state="all", head=f"{owner}:{branch}"), 100))
        mine = [pull for pull in pulls if pull.head.ref == branch]
        return max(mine, key=lambda pull: (pull.state == "open", pull.number), default=None)

    def _create(self, text: PullRequestText, *, branch: str, base: str, draft: bool) -> Pull:
        create = self._repository.create_pull
        try:
            return create(base, branch, title=text.title, body=text.body, draft=draft)
        except GithubException as error:
            words = said(error)
            if error.status == 422 and "already exists" in words and (there := self._pull_of(branch)) is not None:
                return there
            if error.status == 422 and draft and "draft" in words.lower():
                return create(base, branch, title=text.title, body=text.body, draft=False)
            raise

    def _say(self, pull: Pull, text: PullRequestText) -> HostedPullRequest:
        if (pull.title, pull.body) != (text.title, text.body):
            pull.edit(title=text.title, body=text.body)
        missing = [label for label in text.labels if label not in {known.name for known in pull.labels}]
        refused = _each(missing, lambda labels: pull.as_issue().add_to_labels(*labels), "The label")
        asked = {user.login.lower() for user in pull.requested_reviewers} | {team.slug.lower() for team in pull.requested_teams}
        wanted = [name for name in text.reviewers if name.rpartition("/")[2].lower() not in asked]
        refused += _each(wanted, lambda names: _request_review(pull, names), "The reviewer")
        return replace(_pull(pull), refused=tuple(refused))

    def _speaking(self, what: str) -> AbstractContextManager[None]:
        return speaking(self._api, self._name, what)


def _is_repository(data: dict[str, Any]) -> bool:
    """Whether the values can be stored: a linked server may send anything."""
    number, name, branch = data.get("id"), data.get("full_name"), data.get("default_branch") or ""
    return (
        isinstance(number, int)
        and 0 < number < 2**63
        and isinstance(name, str)
        and _FULL_NAME.fullmatch(name) is not None
        and isinstance(branch, str)
        and len(branch) <= MAX_BRANCH
        and branch.isprintable()
    )


def _pull(pull: Pull) -> HostedPullRequest:
    state = "merged" if pull.merged_at else pull.state
    return HostedPullRequest(
        number=pull.number,
        url=pull.html_url,
        state=cast(Any, state),
        branch=pull.head.ref,
        head_sha=pull.head.sha,
        draft=bool(pull.draft),
        closed_at=pull.merged_at or pull.closed_at,
    )


def _each(names: Sequence[str], ask: Callable[[Sequence[str]], object], what: str) -> list[str]:
    """Sends all at once and, if the service refuses, one by one. Returns messages about those that were refused. Raises if
    waiting helps."""
    if not names:
        return []
    try:
        ask(names)
    except GithubException as error:
        if not is_for_good(error):
            raise
        if len(names) == 1:
            return [f"{what} {names[0]} was refused: {said(error)}"]
        return [sentence for name in names for sentence in _each([name], ask, what)]
    return []


def _request_review(pull: Pull, names: Sequence[str]) -> None:
    people = [name for name in names if "/" not in name]
    teams = [name.rpartition("/")[2] for name in names if "/" in name]
    pull.create_review_request(
        reviewers=people or github.GithubObject.NotSet, team_reviewers=teams or github.GithubObject.NotSet
    )


def _output(run: Any) -> str:
    parts = [run.output.title, run.output.summary, run.output.text] if run.output else []
    return "\n".join(part for part in parts if part)[-MAX_OUTPUT:]
