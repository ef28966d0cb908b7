"""The toy service, by its own server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from repositories.hosting.base import HostingClient, Level

from ..toy_forge.client import MACHINE, ToyClient
from ..toy_forge.provider import TOY
from ..toy_forge.server import KEYS, MAX_TEXT, Project, Refused, ToyServer, payload, stamp
from .base import Delivered, Forge, Proposal

RANKS: Mapping[Level, str] = {
    "none": "none", "read": "guest", "triage": "guest", "write": "member", "maintain": "keeper", "admin": "owner",
}  # fmt: skip


class ToyForge(Forge):
    provider = TOY
    max_text = MAX_TEXT
    urls = "tests.support.toy_forge.urls"

    def __init__(self, server: ToyServer) -> None:
        self.server = server

    @property
    def api_url(self) -> str:
        return self.server.api_url

    def key(self, account: str) -> str:
        return KEYS[account]

    def client(self, repo: str, key: str, *, api_url: str = "") -> HostingClient:
        return ToyClient(api_url or self.api_url, repo, key)

    def make(self, repo: str, access: Mapping[str, Level]) -> None:
        self.server.project(repo, hidden=True, ranks={login: RANKS[level] for login, level in access.items()})

    def clone_url(self, repo: str) -> str:
        return f"{self.server.url}/git/{repo}"

    def set_level(self, repo: str, account: str, level: Level) -> None:
        self._of(repo).ranks[account] = RANKS[level]

    def archive(self, repo: str) -> None:
        self._of(repo).frozen = True

    def push(self, repo: str, branch: str) -> str:
        return self.server.commit(repo, branch)

    def issue(self, repo: str, title: str) -> int:
        return self.server.thread(repo)

    def say(self, repo: str, number: int, words: str, *, by: str = "octocat") -> int:
        return int(self.server.note(repo, number, by, words)["no"])

    def comments(self, repo: str, number: int) -> list[str]:
        project = self._of(repo)
        return [project.notes[note]["words"] for note in project.threads[number]]

    def reacted(self, repo: str, comment: int) -> set[str]:
        project = self._of(repo)
        return set((project.notes.get(comment) or project.remarks[comment])["signs"])

    def proposal(self, repo: str, number: int) -> Proposal:
        found = self._of(repo).proposals[number]
        return Proposal(found["heading"], found["words"], found["tags"], found["readers"])

    def merge(self, repo: str, number: int) -> None:
        self._of(repo).proposals[number]["stage"] = "taken"

    def close(self, repo: str, number: int) -> None:
        self._of(repo).proposals[number]["stage"] = "dropped"

    def remark(self, repo: str, number: int, sha: str, path: str, line: int, words: str) -> int:
        made = {"no": self.server.number(), "proposal": number, "by": "dev", "file": path, "row": line, "words": words}
        self._of(repo).remarks[made["no"]] = {**made, "under": None, "machine": "", "page": ""}
        return int(made["no"])

    def review(self, repo: str, number: int, sha: str, words: str) -> int:
        identity = self.server.number()
        self._of(repo).verdicts[identity] = {"no": identity, "words": words, "by": "octocat", "calls": ""}
        return identity

    def check(self, repo: str, sha: str, name: str, *, red: bool, output: str) -> None:
        outcome = "broken" if red else "fine"
        job = {"no": self.server.number(), "commit": sha, "title": name, "outcome": outcome, "log": output, "page": ""}
        self._of(repo).jobs.append(job)

    def hooks(self, repo: str) -> list[str]:
        return list(self._of(repo).hooks)

    def happen(self, repo: str) -> None:
        self.server.deliver(repo, "tagged", thread=self._thread(self.issue(repo, "It crashes")), tag="mgx")

    def refuse(self, status: int, *, wait: int = 0) -> None:
        self.server.faults.append(Refused(429, "Slower.", wait=wait) if wait else Refused(status, "Refused."))

    def unasked(self) -> int:
        return len(self.server.faults)

    def asked(self) -> int:
        return len(self.server.requests)

    def labelled(self, number: int, *, at: datetime | None = None, label: str = "mgx") -> Delivered:
        return Delivered("tagged", {"thread": self._thread(number), "tag": label, "at": _time(at)})

    def commented(
        self, number: int, comment: int, words: str, *, at: datetime | None = None, ours: bool = False, change: bool = False
    ) -> Delivered:
        note = {"no": comment, "words": words, "machine": f"{MACHINE}x" if ours else ""}
        what = "reworded" if change else "said"
        return Delivered("note", {"thread": self._thread(number), "note": note, "what": what, "at": _time(at)})

    def quoted(self, words: str) -> str:
        return f"|{words}"

    def reviewed(self, number: int, review: int, words: str, *, at: datetime | None = None) -> Delivered:
        verdict = {"no": review, "words": words, "calls": "rework"}
        return Delivered("verdict", {"proposal": {"no": number}, "verdict": verdict, "at": _time(at)})

    def remarked(self, number: int, remark: int, *, review: int | None, ours: bool = False) -> Delivered:
        said = {"no": remark, "words": "Here.", "verdict": review, "machine": MACHINE if ours else ""}
        return Delivered("remark", {"proposal": {"no": number}, "remark": said})

    def checked(self, sha: str, branch: str, *, red: bool) -> Delivered:
        return Delivered("jobs", {"commit": sha, "branch": branch, "outcome": "broken" if red else "fine"})

    def closed(self, number: int) -> Delivered:
        return Delivered("proposal", {"proposal": {"no": number, "stage": "dropped"}, "what": "dropped"})

    def pushed(self, branch: str, sha: str) -> Delivered:
        return Delivered("pushed", {"branch": branch, "commit": sha})

    def renamed(self) -> Delivered:
        return Delivered("project", {"what": "renamed"})

    def uninteresting(self) -> Delivered:
        return Delivered("starred", {})

    def trial(self) -> Delivered:
        return Delivered("hello", {})

    def sent(self, told: Delivered, *, repo: str, delivery: str, secret: str) -> tuple[dict[str, str], bytes]:
        body = payload(delivery, told.kind, repo, by=told.by, **told.payload)
        return stamp(secret, body), body

    def _of(self, repo: str) -> Project:
        return self.server.projects[repo]

    def _thread(self, number: int) -> dict[str, Any]:
        return {"no": number, "heading": "Crash", "words": "It crashes.", "page": f"{self.server.url}/{number}"}


def _time(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())
