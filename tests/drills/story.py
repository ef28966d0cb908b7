"""The run that a fault comes into: planned, approved by a person, written, pushed, a pull request, and a comment that has more
done. People do again what got no answer, as they would."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import psycopg

from ..runs.tenants import PRICES
from ..support.github import USERS, GitHub
from ..support.scripted_openai import Message, Reply
from ..support.team_script import plan, script
from ..support.whole_server import CODE, Server
from .points import Point

NUMBERS = count(1)
WITHIN = 300.0
ASKED = "Say what None means."
BETTER = CODE.replace("return sum(", "# None has no price\n    return sum(")
REQUESTS = {
    "fetch": ("POST", "git-upload-pack"), "push": ("POST", "git-receive-pack"), "pull request": ("POST", "/pulls"),
    "comment": ("POST", "/reactions"),
}  # fmt: skip
"""What the hosting service is asked for: method, and how its path ends."""


class Story:
    """One run on one repository of its own. ``strike`` is called once, when the point's trigger comes."""

    def __init__(self, server: Server, github: GitHub, point: Point, strike: Callable[[], None]) -> None:
        self.server, self.github, self.point, self._strike = server, github, point, strike
        self.repo = f"octocat/drill-{next(NUMBERS)}-{uuid.uuid4().hex[:6]}"
        self.struck = threading.Event()
        self._asked = 0
        self._first = len(server.model.requests)
        self._once = threading.Lock()
        self._team = script(code="", DraftPlan=[plan("shop/prices.py")], WriteCode=[CODE, BETTER])
        self.run: dict[str, Any] = {}

    def fire(self) -> None:
        """Strikes, the first time."""
        if self._once.acquire(blocking=False):
            time.sleep(self.point.delay if self.point.trigger != "time" else 0)
            self._strike()
            self.struck.set()

    def model(self, messages: list[Message]) -> str | Reply:
        self._asked += 1
        if self.point.trigger == "model call" and self._asked == self.point.number:
            self.fire()
        return self._team(messages)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Those that the model had for the run that is checked."""
        return self.server.model.requests[self._first :]

    def watch(self, moment: str, method: str, path: str) -> None:
        """The hosting service's requests."""
        when, _, what = self.point.trigger.partition(" ")
        wanted = REQUESTS.get(what)
        if wanted and moment == when and method == wanted[0] and path.endswith(wanted[1]) and self.repo in path:
            self.fire()

    def begin(self) -> None:
        self.github.repository(self.repo, PRICES, private=True, access={"dev": "write"})
        asked = {
            "url": f"{self.github.url}/{self.repo}", "provider": "github", "api_base_url": self.github.api_url,
            "credential": USERS["dev"],
        }  # fmt: skip
        link = self.server.post("/api/repositories/connect", asked)
        self._link = link["id"]
        self._secret = self.server.post(f"/api/repositories/{self._link}/webhook", {})["secret"]
        task = {
            "name": "Ignore None", "description": "Let total() ignore prices that are None", "repository_id": self._link,
            "output_mode": "patch_existing",
        }  # fmt: skip
        made = self.server.post("/api/tasks", task)
        self.run = self.server.post("/api/runs", {"task_id": made["id"]})
        if self.point.trigger == "time":
            threading.Timer(self.point.delay, self.fire).start()
        if self.point.trigger == "step":
            threading.Thread(target=self._wait_for_step, args=(self.run["id"],), daemon=True).start()

    def to_the_end(self) -> str:
        """The run that is checked: the last of the story."""
        self._until("awaiting_approval")
        if self.point.trigger == "approval":
            threading.Thread(target=self.fire).start()
        self._insist("POST", f"/api/runs/{self.run['id']}/approve", {"approved": True})
        self._until("completed")
        if self.point.trigger.endswith("comment"):
            self._comment()
        return str(self.run["id"])

    def _comment(self) -> None:
        """A person wants more done; GitHub delivers it until it is taken."""
        pull = self._api("GET", f"/repos/{self.repo}/pulls/{self.run['pr_url'].rpartition('/')[2]}")
        said = self._api("POST", f"/repos/{self.repo}/issues/{pull['number']}/comments", {"body": f"/mgx continue {ASKED}"})
        thread = {"number": pull["number"], "pull_request": {"url": pull["url"]}, "state": "open"}
        whole = {
            "action": "created", "repository": {"full_name": self.repo}, "sender": {"login": "octocat"}, "issue": thread,
            "comment": said,
        }  # fmt: skip
        body = json.dumps(whole).encode()
        mac = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        sent = {
            "X-GitHub-Event": "issue_comment",
            "X-GitHub-Delivery": uuid.uuid4().hex,
            "X-Hub-Signature-256": f"sha256={mac}",
        }
        path = f"/api/webhooks/github/{self._link}"
        self._insist("POST", path, content=body, headers={**sent, "Content-Type": "application/json"})
        self._asked, self._first = 0, len(self.server.model.requests)
        self._when(self._takes_the_second)
        self._until("awaiting_approval", "completed")
        if self.run["status"] == "awaiting_approval":
            self._insist("POST", f"/api/runs/{self.run['id']}/approve", {"approved": True})
        self._until("completed")

    def _takes_the_second(self) -> bool:
        found = self._get(f"/api/runs?task_id={self.run['task_id']}") or {"items": []}
        self.run = next((run for run in found["items"] if run["run_number"] == 2), self.run)
        return bool(self.run["run_number"] == 2)

    def _api(self, method: str, path: str, body: Any = None) -> Any:
        return self.github.api(method, path, body)

    def _until(self, *statuses: str) -> None:
        """Until the run is in one of these. A pause is resumed, as a person would who has seen to its reason; one for want
        of the artifact store ends by itself."""

        def there() -> bool:
            self.run = self._get(f"/api/runs/{self.run['id']}") or self.run
            if self.run["status"] == "paused":
                assert self.run["pause_reason"] in {"provider", "sandbox", "worker", "storage"}, self.run["error"]
                if self.struck.is_set() and self.run["pause_reason"] != "storage":
                    self._insist("POST", f"/api/runs/{self.run['id']}/resume", {})
            assert self.run["status"] in statuses or not self.run["state"]["final"], (self.run["status"], self.run["error"])
            return self.run["status"] in statuses

        self._when(there)

    def _when(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WITHIN
        while not condition():
            assert time.monotonic() < deadline, f"{self.point}: waited in vain for the run, which is {self.run.get('status')}"
            time.sleep(0.1)

    def _get(self, path: str) -> dict[str, Any] | None:
        """None where the server does not answer now."""
        try:
            answer = self.server.get(path)
        except httpx.TransportError:
            return None
        found: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return found

    def _insist(self, method: str, path: str, body: Any = None, **options: Any) -> None:
        """Until it is answered: with the same key, as a client that may repeat itself."""
        headers = {"Idempotency-Key": uuid.uuid4().hex, **options.pop("headers", {})}

        def answered() -> bool:
            base, token = self.server.state["base_url"], self.server.state["token"]
            known = {"Authorization": f"Bearer {token}", **headers} if "X-Hub-Signature-256" not in headers else headers
            extra = {"json": body} if body is not None else {}
            try:
                answer = httpx.request(method, base + path, headers=known, timeout=30, **extra, **options)
            except httpx.TransportError:
                return False
            assert answer.status_code < 400 or answer.status_code >= 500 or answer.status_code in {409, 429}, answer.text
            return answer.status_code < 300 or answer.status_code == 409

        self._when(answered)

    def _wait_for_step(self, run_id: str) -> None:
        with psycopg.connect(self.server.state["database_url"], autocommit=True) as database:
            for _ in range(6_000):
                if database.execute(
                    "SELECT 1 FROM events WHERE run_id = %s AND type = %s", [run_id, self.point.step]
                ).fetchone():
                    self.fire()
                    return
                time.sleep(0.02)
