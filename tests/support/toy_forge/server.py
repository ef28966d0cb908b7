"""The toy service: a real HTTP server with an API, refusals and signed deliveries that differ from all other services'.

``with serve() as forge:`` starts it; what a test does there by hand are methods of `ToyServer`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEYS = {"octocat": "toy-octocat", "dev": "toy-dev", "stranger": "toy-stranger"}
RANKS = ("none", "guest", "member", "keeper", "owner")
MAX_TEXT = 10_000


class Refused(Exception):
    def __init__(self, status: int, problem: str, **more: Any) -> None:
        super().__init__(problem)
        self.status, self.body = status, {"problem": problem, **more}


@dataclass
class Project:
    uid: str
    path: str
    hidden: bool
    ranks: dict[str, str]
    frozen: bool = False
    branches: dict[str, str] = field(default_factory=dict)
    proposals: dict[int, dict[str, Any]] = field(default_factory=dict)
    threads: dict[int, list[int]] = field(default_factory=dict)
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)
    remarks: dict[int, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[int, dict[str, Any]] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    hooks: dict[str, str] = field(default_factory=dict)

    def rank(self, account: str) -> str:
        return self.ranks.get(account, "none" if self.hidden else "guest")


class ToyServer:
    """``requests`` are (method, path) of all that was asked; ``faults`` are the answers that come next instead of their own."""

    def __init__(self) -> None:
        self.url = ""
        self.projects: dict[str, Project] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Refused] = []
        self.lock = threading.RLock()
        self._last = 0

    @property
    def api_url(self) -> str:
        return f"{self.url}/v1"

    def number(self) -> int:
        self._last += 1
        return self._last

    # what people do

    def project(self, path: str, *, hidden: bool, ranks: dict[str, str]) -> Project:
        made = self.projects[path] = Project(f"P{self.number()}", path, hidden, {"octocat": "owner", **ranks})
        made.branches["main"] = self.commit(path, "main")
        return made

    def commit(self, path: str, branch: str) -> str:
        sha = hashlib.sha1(f"{path} {branch} {self.number()}".encode()).hexdigest()
        self.projects[path].branches[branch] = sha
        for proposal in self.projects[path].proposals.values():
            if proposal["from"] == branch:
                proposal["tip"] = sha
        return sha

    def thread(self, path: str) -> int:
        number = self.number()
        self.projects[path].threads[number] = []
        return number

    def note(self, path: str, thread: int, by: str, words: str, machine: str = "") -> dict[str, Any]:
        project = self.projects[path]
        if len(words) > MAX_TEXT:
            raise Refused(422, f"A note has at most {MAX_TEXT} characters.")
        number = self.number()
        project.threads[thread].append(number)
        page = f"{self.url}/{path}/{thread}#{number}"
        project.notes[number] = {"no": number, "by": by, "words": words, "machine": machine, "page": page, "signs": []}
        return project.notes[number]

    # requests

    def answer(self, method: str, url: str, key: str, body: dict[str, Any]) -> Any:
        parts = urlsplit(url)
        self.requests.append((method, parts.path))
        if self.faults:
            raise self.faults.pop(0)
        account = next((account for account, known in KEYS.items() if known == key), "")
        if key and not account:
            raise Refused(401, "Unknown key.")
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for pattern, wanted, needed, act in ROUTES:
            found = re.fullmatch(rf"/v1/projects/([^/]+/[^/]+){pattern}", unquote(parts.path))
            if found is not None and wanted == method:
                project = self.projects.get(found[1])
                if project is None or project.rank(account) == "none":
                    raise Refused(404, "No such project.")
                if RANKS.index(project.rank(account)) < RANKS.index(needed):
                    raise Refused(403, f"That takes a {needed} of the project.", needs=needed)
                return act(self, project, account, {**asked, **body}, *found.groups()[1:])
        raise Refused(404, "No such address.")

    def deliver(self, path: str, kind: str, **more: Any) -> None:
        """What happened, told to the project's hooks as a service does: later, by somebody else."""
        body = payload(f"D{self.number()}", kind, path, **more)
        for url, secret in self.projects[path].hooks.items():
            request = urllib.request.Request(
                url, data=body, headers={"Content-Type": "application/json", **stamp(secret, body)}
            )
            threading.Thread(target=urllib.request.urlopen, args=(request,), daemon=True).start()


def payload(uid: str, kind: str, path: str, *, by: str = "octocat", **more: Any) -> bytes:
    return json.dumps({"uid": uid, "kind": kind, "by": {"nick": by}, "project": {"path": path}, **more}).encode()


def stamp(secret: str, body: bytes) -> dict[str, str]:
    """`time;digest`: base64 of the SHA-512 HMAC of the time and the body."""
    now = str(int(time.time()))
    digest = hmac.new(secret.encode(), now.encode() + b"." + body, hashlib.sha512).digest()
    return {"Toy-Stamp": f"{now};{base64.b64encode(digest).decode()}"}


def _facts(server: ToyServer, project: Project, account: str, asked: dict[str, Any]) -> Any:
    return {
        "uid": project.uid, "path": project.path, "trunk": "main", "hidden": project.hidden, "frozen": project.frozen,
        "git": f"{server.url}/git/{project.path}", "page": f"{server.url}/{project.path}", "you": project.rank(account),
    }  # fmt: skip


def _rank(server: ToyServer, project: Project, account: str, asked: dict[str, Any], who: str) -> Any:
    return {"rank": project.rank(who)}


def _hook(server: ToyServer, project: Project, account: str, asked: dict[str, Any]) -> Any:
    project.hooks[asked["to"]] = asked["key"]
    return {}


def _find(server: ToyServer, project: Project, account: str, asked: dict[str, Any]) -> Any:
    return [found for found in project.proposals.values() if found["from"] == asked["from"] and found["stage"] == "open"]


def _propose(server: ToyServer, project: Project, account: str, asked: dict[str, Any]) -> Any:
    if asked["from"] not in project.branches:
        raise Refused(422, f"There is no branch {asked['from']}.")
    number = server.thread(project.path)
    made = {
        "no": number,
        "stage": "open",
        "page": f"{server.url}/{project.path}/{number}",
        "tip": project.branches[asked["from"]],
    }
    project.proposals[number] = {**made, "from": asked["from"], "wip": asked["wip"], "tags": [], "readers": []}
    return _amend(server, project, account, asked, str(number))


def _amend(server: ToyServer, project: Project, account: str, asked: dict[str, Any], number: str) -> Any:
    proposal = project.proposals[int(number)]
    if len(asked.get("words", "")) > MAX_TEXT:
        raise Refused(422, f"A proposal has at most {MAX_TEXT} characters.")
    if unknown := [name for name in asked.get("readers", ()) if project.rank(name) == "none"]:
        raise Refused(422, f"{unknown[0]} can't read this project.")
    proposal.update({name: asked[name] for name in ("heading", "words", "tags", "readers") if name in asked})
    return proposal


def _proposal(server: ToyServer, project: Project, account: str, asked: dict[str, Any], number: str) -> Any:
    if int(number) not in project.proposals:
        raise Refused(404, "No such proposal.")
    return project.proposals[int(number)]


def _notes(server: ToyServer, project: Project, account: str, asked: dict[str, Any], thread: str) -> Any:
    return [project.notes[number] for number in project.threads[int(thread)]]


def _say(server: ToyServer, project: Project, account: str, asked: dict[str, Any], thread: str) -> Any:
    return server.note(project.path, int(thread), account, asked["words"], asked.get("machine", ""))


def _reword(server: ToyServer, project: Project, account: str, asked: dict[str, Any], note: str) -> Any:
    project.notes[int(note)]["words"] = asked["words"]
    return project.notes[int(note)]


def _sign(server: ToyServer, project: Project, account: str, asked: dict[str, Any], note: str) -> Any:
    signs = (project.notes.get(int(note)) or project.remarks[int(note)]).setdefault("signs", [])
    if account not in signs:
        signs.append(account)
    return {}


def _remarks(server: ToyServer, project: Project, account: str, asked: dict[str, Any], proposal: str) -> Any:
    return [remark for remark in project.remarks.values() if remark["proposal"] == int(proposal)]


def _remark(server: ToyServer, project: Project, account: str, asked: dict[str, Any], proposal: str) -> Any:
    number = server.number()
    made = {"no": number, "proposal": int(proposal), "by": account, "page": f"{server.url}/{project.path}/{proposal}#{number}"}
    project.remarks[number] = {**made, "under": None, "file": "", "row": None, "machine": "", "signs": [], **asked}
    return project.remarks[number]


def _verdict(server: ToyServer, project: Project, account: str, asked: dict[str, Any], number: str) -> Any:
    return project.verdicts[int(number)]


def _jobs(server: ToyServer, project: Project, account: str, asked: dict[str, Any], sha: str) -> Any:
    return [job for job in project.jobs if job["commit"] == sha]


ROUTES: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
    ("", "GET", "guest", _facts),
    (r"/people/([^/]+)", "GET", "guest", _rank),
    ("/hooks", "PUT", "owner", _hook),
    ("/proposals", "GET", "guest", _find),
    ("/proposals", "POST", "member", _propose),
    (r"/proposals/(\d+)", "GET", "guest", _proposal),
    (r"/proposals/(\d+)", "PATCH", "member", _amend),
    (r"/proposals/(\d+)/remarks", "GET", "guest", _remarks),
    (r"/proposals/(\d+)/remarks", "POST", "guest", _remark),
    (r"/verdicts/(\d+)", "GET", "guest", _verdict),
    (r"/threads/(\d+)/notes", "GET", "guest", _notes),
    (r"/threads/(\d+)/notes", "POST", "guest", _say),
    (r"/notes/(\d+)", "PATCH", "guest", _reword),
    (r"/(?:notes|remarks)/(\d+)/signs", "POST", "guest", _sign),
    (r"/commits/([0-9a-f]+)/jobs", "GET", "guest", _jobs),
)
"""(pattern below the project, method, rank that it takes, what it does)."""


@contextmanager
def serve() -> Iterator[ToyServer]:
    forge = ToyServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, said = 200, None
            try:
                with forge.lock:
                    key = self.headers.get("Authorization", "").removeprefix("Key ")
                    said = forge.answer(self.command, self.path, key, json.loads(body) if body else {})
                    raw = json.dumps(said).encode()
            except Refused as refused:
                status, raw = refused.status, json.dumps(refused.body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = _answer

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        forge.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, name="toy forge", daemon=True)
        thread.start()
        try:
            yield forge
        finally:
            server.shutdown()
            thread.join()
