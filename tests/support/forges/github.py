"""GitHub, by the server of `tests/support/github`."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from repositories.hosting.base import HostingClient, Level
from repositories.hosting.github.client import GitHubClient
from repositories.hosting.github.provider import GITHUB

from ..github import USERS, GitHub
from .base import Delivered, Forge, Proposal

FILES = {"README.md": "# shop\n", "shop/prices.py": "def total(prices):\n    return sum(prices)\n"}
MARK = "<!-- mgx:"


class GitHubForge(Forge):
    provider = GITHUB
    max_text = 65_536

    def __init__(self, github: GitHub) -> None:
        self.github = github

    @property
    def api_url(self) -> str:
        return self.github.api_url

    def key(self, account: str) -> str:
        return USERS[account]

    def client(self, repo: str, key: str, *, api_url: str = "") -> HostingClient:
        return GitHubClient(api_url or self.api_url, repo, token=key)

    def make(self, repo: str, access: Mapping[str, Level]) -> None:
        self.github.repository(repo, FILES, private=True, access=access)

    def clone_url(self, repo: str) -> str:
        return f"{self.github.url}/{repo}.git"

    def set_level(self, repo: str, account: str, level: Level) -> None:
        self.github.state.access[repo][account] = level

    def archive(self, repo: str) -> None:
        self.github.api("PATCH", f"/repos/{repo}", {"archived": True})

    def push(self, repo: str, branch: str) -> str:
        return self.github.push(repo, {"shop/prices.py": f"x = '{branch}'\n"}, "change", branch=branch)

    def issue(self, repo: str, title: str) -> int:
        return int(self.github.api("POST", f"/repos/{repo}/issues", {"title": title, "body": "It crashes."})["number"])

    def say(self, repo: str, number: int, words: str, *, by: str = "octocat") -> int:
        path = f"/repos/{repo}/issues/{number}/comments"
        return int(self.github.api("POST", path, {"body": words}, token=USERS[by])["id"])

    def comments(self, repo: str, number: int) -> list[str]:
        found = self.github.api("GET", f"/repos/{repo}/issues/{number}/comments?per_page=100")
        return [comment["body"].partition(f"\n\n{MARK}")[0] for comment in found]

    def reacted(self, repo: str, comment: int) -> set[str]:
        return {login for login, _ in self.github.state.reactions.get((repo, comment), set())}

    def proposal(self, repo: str, number: int) -> Proposal:
        found = self.github.api("GET", f"/repos/{repo}/pulls/{number}")
        labels = [label["name"] for label in found["labels"]]
        return Proposal(found["title"], found["body"], labels, [user["login"] for user in found["requested_reviewers"]])

    def merge(self, repo: str, number: int) -> None:
        self.github.api("PUT", f"/repos/{repo}/pulls/{number}/merge", {})

    def close(self, repo: str, number: int) -> None:
        self.github.api("PATCH", f"/repos/{repo}/pulls/{number}", {"state": "closed"})

    def remark(self, repo: str, number: int, sha: str, path: str, line: int, words: str) -> int:
        said = {"body": words, "commit_id": sha, "path": path, "line": line, "side": "RIGHT"}
        return int(self.github.api("POST", f"/repos/{repo}/pulls/{number}/comments", said, token=USERS["dev"])["id"])

    def review(self, repo: str, number: int, sha: str, words: str) -> int:
        said = {"event": "COMMENT", "body": words, "commit_id": sha}
        return int(self.github.api("POST", f"/repos/{repo}/pulls/{number}/reviews", said)["id"])

    def check(self, repo: str, sha: str, name: str, *, red: bool, output: str) -> None:
        run = {"name": name, "head_sha": sha, "status": "completed", "conclusion": "failure" if red else "success"}
        self.github.api("POST", f"/repos/{repo}/check-runs", {**run, "output": {"title": name, "summary": output}})

    def hooks(self, repo: str) -> list[str]:
        return [hook["config"]["url"] for hook in self.github.api("GET", f"/repos/{repo}/hooks")]

    def happen(self, repo: str) -> None:
        self.issue(repo, "It crashes")

    def refuse(self, status: int, *, wait: int = 0) -> None:
        headers = {"Retry-After": str(wait)} if wait else {}
        self.github.refuse(status=403 if wait else status, message="Refused", headers=headers)

    def unasked(self) -> int:
        return len(self.github.state.refusals)

    def asked(self) -> int:
        return len(self.github.state.requests)

    def labelled(self, number: int, *, at: datetime | None = None, label: str = "mgx") -> Delivered:
        issue = {**_issue(number), "updated_at": _time(at)}
        return Delivered("issues", {"action": "labeled", "issue": issue, "label": {"name": label}})

    def commented(
        self, number: int, comment: int, words: str, *, at: datetime | None = None, ours: bool = False, change: bool = False
    ) -> Delivered:
        said = {"id": comment, "body": f"{words}\n{MARK}x -->" if ours else words, "created_at": _time(at)}
        payload = {"action": "edited" if change else "created", "issue": _issue(number), "comment": said}
        return Delivered("issue_comment", payload)

    def quoted(self, words: str) -> str:
        return f"> {words}"

    def reviewed(self, number: int, review: int, words: str, *, at: datetime | None = None) -> Delivered:
        said = {"id": review, "state": "changes_requested", "body": words, "submitted_at": _time(at)}
        return Delivered("pull_request_review", {"action": "submitted", "pull_request": {"number": number}, "review": said})

    def remarked(self, number: int, remark: int, *, review: int | None, ours: bool = False) -> Delivered:
        said = {"id": remark, "body": f"Here.{MARK if ours else ''}", "pull_request_review_id": review}
        payload = {"action": "created", "pull_request": {"number": number}, "comment": said}
        return Delivered("pull_request_review_comment", payload)

    def checked(self, sha: str, branch: str, *, red: bool) -> Delivered:
        suite = {"id": 1, "head_sha": sha, "head_branch": branch, "conclusion": "failure" if red else "success"}
        return Delivered("check_suite", {"action": "completed", "check_suite": suite})

    def closed(self, number: int) -> Delivered:
        return Delivered("pull_request", {"action": "closed", "pull_request": {"number": number, "state": "closed"}})

    def pushed(self, branch: str, sha: str) -> Delivered:
        return Delivered("push", {"ref": f"refs/heads/{branch}", "after": sha})

    def renamed(self) -> Delivered:
        return Delivered("repository", {"action": "renamed", "changes": {"repository": {"name": {"from": "before"}}}})

    def uninteresting(self) -> Delivered:
        return Delivered("star", {"action": "created"})

    def trial(self) -> Delivered:
        return Delivered("ping", {"zen": "Keep it logically awesome."})

    def sent(self, told: Delivered, *, repo: str, delivery: str, secret: str) -> tuple[dict[str, str], bytes]:
        body = json.dumps({"repository": {"full_name": repo}, "sender": {"login": told.by}, **told.payload}).encode()
        signed = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"X-GitHub-Event": told.kind, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": signed}, body


def _issue(number: int) -> dict[str, Any]:
    return {"number": number, "title": "Crash", "body": "It crashes.", "html_url": f"https://github.example/{number}"}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
