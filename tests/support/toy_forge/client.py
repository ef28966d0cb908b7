"""Outgoing: one project of the toy service, by `requests` on checked connections."""

from __future__ import annotations

from typing import Any, Literal, cast
from urllib.parse import quote

import requests

from mgx_project.common.errors import NotAllowed, NotFound
from repositories.errors import HostBusy, HostFailed
from repositories.hosting.base import (
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
from repositories.hosting.checked_requests import CheckedAdapter

MAX_TEXT = 9_900
MACHINE = "mgx:"
LEVELS: dict[str, Level] = {"guest": "read", "member": "write", "keeper": "maintain", "owner": "admin"}


class ToyClient:
    """Keeps `HostingClient`."""

    def __init__(self, api_base_url: str, path: str, key: str) -> None:
        self._api, self._path, self._key = api_base_url, path, key

    def repository(self, known: str = "") -> Any:
        """The service tells no state by which it could say that nothing has changed."""
        found = self._ask("GET", "")
        rank = LEVELS.get(found["you"], "none")
        return RemoteRepository(
            full_name=found["path"], default_branch=found["trunk"], clone_url=found["git"], web_url=found["page"],
            permissions={"read": True, "write": rank in ("write", "maintain", "admin"), "admin": rank == "admin"},
            private=found["hidden"], archived=found["frozen"], id=found["uid"],
        )  # fmt: skip

    def installation(self) -> int | None:
        return None

    def login(self) -> Login:
        return Login("toy", self._key)

    def ensure_webhook(self, url: str, secret: str) -> None:
        self._ask("PUT", "/hooks", to=url, key=secret)

    def level_of(self, account: str) -> Level:
        if not (account.isascii() and account.isalnum() and len(account) <= 40):
            return "none"
        return LEVELS.get(self._ask("GET", f"/people/{quote(account, safe='')}")["rank"], "none")

    def pull_request(self, number: int) -> HostedPullRequest:
        return _pull(self._ask("GET", f"/proposals/{number}"))

    def open_pull_request(self, text: PullRequestText, *, branch: str, base: str, draft: bool) -> HostedPullRequest:
        words = {"heading": text.title, "words": text.body[:MAX_TEXT]}
        open_ones = self._ask("GET", f"/proposals?from={quote(branch, safe='')}")
        there = (
            open_ones[0]
            if open_ones
            else self._ask("POST", "/proposals", **{"from": branch, "into": base, "wip": draft}, **words)
        )
        tags, readers = [*there["tags"], *text.labels], [*there["readers"], *text.reviewers]
        return _pull(self._ask("PATCH", f"/proposals/{there['no']}", tags=tags, readers=readers, **words))

    def comment(self, number: int, body: str, *, marker: str) -> Comment:
        words = body[:MAX_TEXT]
        for note in self._ask("GET", f"/threads/{number}/notes"):
            if note["machine"] == MACHINE + marker:
                if note["words"] != words:
                    self._ask("PATCH", f"/notes/{note['no']}", words=words)
                return Comment(note["no"], note["page"])
        made = self._ask("POST", f"/threads/{number}/notes", words=words, machine=MACHINE + marker)
        return Comment(made["no"], made["page"])

    def react(self, comment_id: int, sign: Literal["eyes"], *, remark: bool = False) -> None:
        self._ask("POST", f"/{'remarks' if remark else 'notes'}/{comment_id}/signs", sign="seen")

    def review_comments(self, number: int) -> list[ReviewComment]:
        return [
            ReviewComment(
                id=remark["no"], author=remark["by"], path=remark["file"], line=remark["row"], body=remark["words"],
                reply_to=remark["under"] or 0, is_ours=remark["machine"].startswith(MACHINE),
            )
            for remark in self._ask("GET", f"/proposals/{number}/remarks")
        ]  # fmt: skip

    def review(self, number: int, review_id: int) -> SubmittedReview:
        found = self._ask("GET", f"/verdicts/{review_id}")
        return SubmittedReview(found["by"], found["words"], "changes" if found["calls"] == "rework" else "none")

    def reply(self, number: int, comment_id: int, body: str, *, marker: str) -> Comment:
        for remark in self._ask("GET", f"/proposals/{number}/remarks"):
            if remark["under"] == comment_id and remark["machine"] == MACHINE + marker:
                return Comment(remark["no"], remark["page"])
        said = {"under": comment_id, "words": body, "machine": MACHINE + marker}
        made = self._ask("POST", f"/proposals/{number}/remarks", **said)
        return Comment(made["no"], made["page"])

    def failed_checks(self, sha: str) -> list[FailedCheck]:
        found = self._ask("GET", f"/commits/{sha}/jobs")
        return [FailedCheck(job["no"], job["title"], job["page"], job["log"]) for job in found if job["outcome"] == "broken"]

    def _ask(self, method: str, below: str, **body: Any) -> Any:
        url = f"{self._api}/projects/{quote(self._path)}{below}"
        headers = {"Authorization": f"Key {self._key}"} if self._key else {}
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, CheckedAdapter())
            try:
                answer = session.request(method, url, json=body or None, headers=headers, timeout=20, allow_redirects=False)
            except requests.RequestException as error:
                raise HostFailed(f"{self._api} can't be reached: {type(error).__name__}.", code="unreachable") from None
        return answer.json() if answer.status_code == 200 else self._refuse(answer)

    def _refuse(self, answer: requests.Response) -> None:
        said = answer.json()
        match answer.status_code:
            case 401:
                raise NotAllowed(f"{self._api} does not accept the key.", code="no_access")
            case 403:
                raise NotAllowed(said["problem"], code="no_access", hint=f"It takes a {said['needs']}.")
            case 404:
                raise NotFound(f"{self._api} shows no {self._path} to this key.", code="repository_not_found")
            case 429:
                raise HostBusy("The service wants fewer requests for now.", retry_after=said["wait"])
            case status if status >= 500:
                raise HostFailed(f"{self._api} answered {status}.", code="host_unavailable")
        raise HostFailed(f"{self._api} refused: {said['problem']}")


def _pull(found: dict[str, Any]) -> HostedPullRequest:
    state = {"open": "open", "dropped": "closed", "taken": "merged"}[found["stage"]]
    return HostedPullRequest(
        number=found["no"],
        url=found["page"],
        state=cast(Any, state),
        branch=found["from"],
        head_sha=found["tip"],
        draft=found["wip"],
    )
