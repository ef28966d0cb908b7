"""A small real HTTP and WebSocket server that speaks the contract, so that the CLI is tested over real sockets.

What a run does is chosen by a word in its task: ``fail``, ``budget``, ``hang`` (stops after a few events), ``hostile`` (events
full of terminal escapes), ``review`` (its changes wait), ``ask`` (the team asks a question); any other succeeds.
``drop_after`` closes each socket once after that many events.
"""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from runs.serializers import STATE_JSON
from tests.support.patience import SOON

TOKEN = "mgx_test_0123456789abcdef"
PLAN = {
    "summary": "Add a health endpoint",
    "steps": [{"title": "Write the route", "files": ["app/main.py"], "kind": "create", "why": "all routes are declared there"}],
    "risks": ["none worth naming"],
    "test_strategy": "pytest with the test client",
    "questions": ["Should it check the database, too? The plan assumes not."],
    "estimate": {"tokens": 1200, "cost_usd": "0.0100", "seconds": 30, "basis": "from 12 earlier runs"},
}
PROFILE = {"id": "0193f3a0-0000-7000-8000-000000000001", "name": "../../profile-planning-1.speedscope.json", "size": 2}


def _work(wall: float, model: float, sandbox: float, own: float, **rest: Any) -> dict[str, Any]:
    return {"wall_seconds": wall, "model_seconds": model, "sandbox_seconds": sandbox, "own_seconds": own, **rest}


TIMING = {
    **_work(195.2, 31.0, 4.25, 0.35, waiting_seconds=159.6),
    "phases": [
        _work(12.1, 12.0, 0, 0.1, phase="plan", started_at="2026-11-22T12:00:00.100Z"),
        _work(23.5, 19.0, 4.25, 0.25, phase="execute", started_at="2026-11-22T12:02:51.000Z"),
    ],
    "steps": [
        _work(0.0004, 0, 0, 0.0004, key="spec", attempts=1, started_at="2026-11-22T12:00:00.110Z"),
        _work(12.0, 12.0, 0, 0, key="plan/1/analyze", attempts=1, started_at="2026-11-22T12:00:00.200Z"),
        _work(19.0, 19.0, 0, 0, key="execute/write/0", attempts=2, started_at="2026-11-22T12:02:51.100Z"),
        _work(4.25, 0, 4.25, 0, key="execute/test/baseline/1", attempts=1, started_at="2026-11-22T12:03:10.200Z"),
    ],
    "profiles": [],
}
CHANGES = [
    {"path": "app/main.py", "action": "modified", "added": 2, "removed": 1, "binary": False, "hunks": [
        {"hunk": 0, "header": "@@ -1,2 +1,2 @@", "lines": [" import os", "-x = 1", "+x = 2  # \x1b[31m"], "truncated": False},
        {"hunk": 1, "header": "@@ -40,1 +40,2 @@", "lines": [" def health():", "+\treturn {'status': 'ok'}"],
         "truncated": False},
    ]},
    {"path": "logo.png", "action": "created", "added": 0, "removed": 0, "binary": True, "hunks": []},
]  # fmt: skip
DIFF = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b \xe9 \x1b[31m\n"
SETUP_TOKEN = "mgxs_test_0123456789abcdef"
TOTALS = {"tokens_in": 1200, "tokens_out": 300, "reserved_tokens": 0, "calls": 4, "cached_calls": 1, "unpriced_calls": 2,
          "runs": 1, "cost_usd": "0.012300"}  # fmt: skip
USAGE = {"since": "2026-11-01T00:00:00Z", "until": "2026-11-30T00:00:00Z", "totals": TOTALS,
         "buckets": [{**TOTALS, "start": "2026-11-22T00:00:00Z"}]}  # fmt: skip
AUDIT = [
    {"id": "0193f3a0-0000-7000-8000-00000000000e", "action": "member.joined", "object_type": "user", "object_id": None,
     "user": None, "detail": {"by": "account:octocat", "role": "viewer\x1b[31m"}, "created_at": "2026-11-22T12:00:00Z",
     "address": "192.0.2.7", "request_id": "", "changes": {}},
]  # fmt: skip
INVITATION = "mgxi_test_0123456789abcdef"
ADA = "0193f3a0-0000-7000-8000-00000000000a"
DEFAULT = {"id": "0193f3a0-0000-7000-8000-00000000000d", "slug": "default", "name": "Default"}
MEMBERS = [
    {"user_id": ADA, "username": "ada", "role": "owner", "email": "ada@example.com"},
    {"user_id": DEFAULT["id"], "username": "bob\x1b[31m", "role": "viewer", "email": ""},
]
Steps = list[tuple[str, dict[str, Any], str]]


LINK = {
    "provider": "github", "default_branch": "main", "status": "connected", "is_primary": True, "last_validated_at": None,
    "permissions": {"read": True, "write": True, "admin": False}, "has_credential": True, "last_error": "",
    "api_base_url": "https://api.github.com", "clone_url": "https://github.com/octocat/shop.git",
    "missing_permissions": {"admin": "to set up the webhook"}, "webhook_url": "https://mgx/hook",
}  # fmt: skip


@dataclass
class Standin:
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    sockets: list[int] = field(default_factory=list)
    drop_after: int | None = None
    diff: bytes | None = DIFF
    problem: tuple[int, dict[str, Any]] | None = None
    busy: list[tuple[int, str, str]] = field(default_factory=list)
    replays: bool = False
    """What the next requests are refused with: status, code and Retry-After."""
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    budgets: dict[str, dict[str, Any]] = field(default_factory=dict)
    model_test: dict[str, Any] = field(default_factory=lambda: {"ok": True, "detail": "gpt-5 answered in 420 ms.", "hint": ""})
    decisions: dict[tuple[str, int | None], dict[str, Any]] = field(default_factory=dict)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    refreshed: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    workspaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: int = 0
    access_ended: str = ""
    waiting: str = ""
    due: str = "2026-11-22T12:00:00.000Z"
    hook: dict[str, Any] = field(default_factory=lambda: {"url": "https://mgx/hook", "installed": True, "secret": None})
    url: str = ""

    def bodies(self, path: str) -> list[Any]:
        return [body for _, where, _, body in self.requests if where == path]

    def emit(self, run_id: str, steps: Steps) -> None:
        log, run = self.events[run_id], self.runs[run_id]
        for kind, data, message in steps:
            seq = len(log) + 1
            stamp = f"2026-11-22T12:00:{seq:02d}.000Z"
            place = {"id": seq, "seq": seq, "timestamp": stamp, "run_id": run_id}
            log.append({**place, "type": kind, "data": data, "message": message})
            run["last_seq"] = seq

    def new_run(self, task: dict[str, Any], auto_approve: bool) -> dict[str, Any]:
        run_id, number = str(uuid.uuid4()), len(self.runs) + 1
        run: dict[str, Any] = {
            "id": run_id, "task_id": task["id"], "task_name": task["name"], "repository_id": task.get("repository_id"),
            "run_number": number, "status": "planning", "plan": None, "plan_version": 0, "stack": "fastapi", "results": {},
            "usage": {}, "branch_name": "", "commit_sha": "", "pr_url": "", "error": None, "pause_reason": "", "last_seq": 0,
            "created_at": "2026-11-22T12:00:00Z", "profile": False,
        }  # fmt: skip
        self.runs[run_id], self.events[run_id] = run, []
        self.emit(run_id, [("run_queued", {}, "queued"), ("analysis_start", {}, "reading the task")])
        if "ask" in task["description"].split():
            question = {"code": "paused_question", "detail": "Which prices?", "hint": "Answer it."}
            run.update(status="paused", pause_reason="question", error=question)
            self.emit(run_id, [("paused", {"reason": "question", **question}, "Paused (question): Which prices?")])
        elif "hang" not in task["description"].split():
            self.plan(run)
            if auto_approve:
                self.carry_out(run)
        return run

    def changes(self, run: dict[str, Any]) -> dict[str, Any]:
        def said(path: str, hunk: int | None) -> dict[str, Any]:
            found = self.decisions.get((path, hunk)) or self.decisions.get((path, None)) or {}
            state = "pending" if not found else "accepted" if found["accepted"] else "rejected"
            return {"state": state, "comment": found.get("comment", "")}

        files = []
        for file in CHANGES:
            hunks = [{**hunk, **said(file["path"], hunk["hunk"])} for hunk in file["hunks"]]
            states = {hunk["state"] for hunk in hunks} or {said(file["path"], None)["state"]}
            state = "pending" if "pending" in states else states.pop() if len(states) == 1 else "mixed"
            files.append({**file, **said(file["path"], None), "state": state, "hunks": hunks})
        parts = [part["state"] for file in files for part in (file["hunks"] or [file])]
        round_one = {"round": 1, "undecided": parts.count("pending"), "files": files}
        return with_state({"run_id": run["id"], "status": run["status"], **round_one})

    def plan(self, run: dict[str, Any]) -> None:
        run.update(status="awaiting_approval", plan=PLAN, plan_version=run["plan_version"] + 1)
        data = {"plan": PLAN, "plan_version": run["plan_version"]}
        self.emit(run["id"], [("plan_ready", data, "the plan is ready"), ("approval_required", data, "waiting for approval")])

    def carry_out(self, run: dict[str, Any]) -> None:
        words, name = self.tasks[run["task_id"]]["description"].split(), run["id"]
        self.emit(name, [("approved", {"by": "ada"}, "approved by ada")])
        if "hostile" in words:
            self.emit(name, [("role_message", {"role": "engineer\x1b[2J"}, "\x1b]0;owned\x07evil\x1b[31m\r\u202etxt\nmore")])
        if "fail" in words:
            run.update(status="failed", error={"code": "model_failed", "detail": "The endpoint is down.", "hint": "Start it."})
            self.emit(name, [("failure", {"error": run["error"]}, "failed")])
            return
        if "budget" in words:
            run.update(status="paused", pause_reason="budget")
            self.emit(name, [("paused", {"reason": "budget"}, "paused: budget")])
            return
        if "review" in words and run["status"] != "delivering":
            run.update(status="awaiting_changes")
            named = [{"path": "app/main.py", "action": "modified", "added": 2, "removed": 1, "hunks": 2, "state": "pending"}]
            self.emit(
                name, [("changes_ready", {"round": 1, "files": named, "more": 0}, "The changes are awaiting your decision.")]
            )
            return
        files = [{"path": "app/main.py", "action": "created", "added": 12, "removed": 0}]
        tests = {"status": "passed", "passed": 3, "failed": 0, "skipped": 0}
        results = {"diff_stat": " app/main.py | 12 ++++\n 1 file changed", "path": "/srv/demo", "tests": tests}
        usage = {"tokens_in": 1200, "tokens_out": 300, "calls": 4, "cost_usd": "0.0123"}
        run.update(status="completed", results=results, usage=usage, branch_name="mgx/health/run-1", commit_sha="c0ffee" * 6)
        self.emit(
            name,
            [
                ("model_output", {"role": "engineer", "text": "def health(): ..."}, ""),
                ("patch_applied", {"files": files}, "1 file written"),
                ("tests_finished", tests, "3 passed"),
                ("commit_created", {"commit_sha": run["commit_sha"]}, "committed"),
                ("completion", {"results": results, "usage": usage}, "done"),
            ],
        )


def application(state: Standin) -> web.Application:
    """Routes of the contract that the CLI uses."""
    app = web.Application(middlewares=[_gate(state)])
    get, post = app.router.add_get, app.router.add_post

    async def rows(request: web.Request) -> web.Response:
        limit, start = int(request.query.get("limit", 50)), int(request.query.get("cursor", 0))
        found = [run for run in reversed(state.runs.values()) if matches(run, request.query)]
        more = str(start + limit) if start + limit < len(found) else None
        return web.json_response({"items": [with_state(run) for run in found[start : start + limit]], "next_cursor": more})

    def matches(run: dict[str, Any], query: Any) -> bool:
        wanted = {name: query[name] for name in ("status", "run_number", "task_id") if name in query}
        if "repository_id" in query and state.tasks[run["task_id"]].get("repository_id") != query["repository_id"]:
            return False
        if "waits_for_person" in query and not STATE_JSON[run["status"]]["waits_for_person"]:
            return False
        prefix = query.get("id_prefix", "").replace("-", "")
        return run["id"].replace("-", "").startswith(prefix) and all(str(run[name]) == wanted[name] for name in wanted)

    async def connect(request: web.Request) -> web.Response:
        url = (await request.json())["url"]
        known = next((link for link in state.links.values() if link["clone_url"] == url), None)
        link = known or {**LINK, "repo_full_name": url, "clone_url": url, "id": str(uuid.uuid4())}
        state.links[link["id"]] = link
        return web.json_response(link, status=201)

    async def refresh(request: web.Request) -> web.Response:
        return web.json_response({**state.links[request.match_info["id"]], **state.refreshed})

    async def hook(request: web.Request) -> web.Response:
        return web.json_response(state.hook)

    async def refresh_all(request: web.Request) -> web.Response:
        state.looks = 2
        return web.json_response({"queued": len(state.links)}, status=202)

    async def links(request: web.Request) -> web.Response:
        if "refreshing" in request.query:
            state.looks -= 1
            rows = [{**link, "refresh_due_at": state.due} for link in state.links.values()] if state.looks > 0 else []
            return web.json_response({"items": rows, "next_cursor": None})
        if request.query.get("status") == "error":
            rows = [{**link, **state.refreshed} for link in state.links.values()] if state.refreshed else []
            return web.json_response({"items": rows, "next_cursor": None})
        return web.json_response({"items": list(state.links.values()), "next_cursor": None})

    async def unlink(request: web.Request) -> web.Response:
        del state.links[request.match_info["id"]]
        return web.Response(status=204)

    async def make_task(request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("stack") == "cobol":
            errors = [{"field": "stack", "message": "unknown stack 'cobol'"}]
            return _problem(400, "Invalid", "The task can't be made.", errors=errors, hint="See: mgx stacks")
        task = {**body, "id": str(uuid.uuid4())}
        state.tasks[task["id"]] = task
        return web.json_response(task, status=201)

    async def list_tasks(request: web.Request) -> web.Response:
        prefix = request.query.get("id_prefix", "").replace("-", "")
        found = [task for name, task in state.tasks.items() if name.replace("-", "").startswith(prefix)]
        return web.json_response({"items": found, "next_cursor": None})

    async def make_run(request: web.Request) -> web.Response:
        body = await request.json()
        run = state.new_run(state.tasks[body["task_id"]], body.get("auto_approve", False))
        run["profile"] = body.get("profile", False)
        return _run(run, 201)

    async def edit_plan(request: web.Request) -> web.Response:
        run, plan = state.runs[request.match_info["id"]], (await request.json())["plan"]
        if request.headers.get("If-Match") not in (None, _etag(run)):
            return _problem(412, "Precondition Failed", "This was changed after you read it. bob edited the plan.")
        if not plan.get("summary"):
            return _problem(400, "Invalid", "plan.summary: Field required", errors=[{"field": "plan.summary", "message": "x"}])
        run.update(plan=plan, plan_version=run["plan_version"] + 1)
        return _run(run)

    async def timing(request: web.Request) -> web.Response:
        profiled = state.runs[request.match_info["id"]]["profile"]
        return web.json_response({**TIMING, "profiles": [PROFILE] if profiled else []})

    async def approve(request: web.Request) -> web.Response:
        run, body = state.runs[request.match_info["id"]], await request.json()
        if run["status"] != "awaiting_approval" or body["plan_version"] != run["plan_version"]:
            return _problem(409, "Conflict", f"Run #{run['run_number']} is {run['status']}.", code="invalid_transition")
        if body["approved"]:
            state.carry_out(run)
        else:
            run["status"] = "planning" if body.get("feedback") else "rejected"
            state.emit(run["id"], [("rejected", {"feedback": body.get("feedback", "")}, "rejected")])
            if body.get("feedback"):
                state.plan(run)
        return _run(run)

    async def act(request: web.Request) -> web.Response:
        run, action = state.runs[request.match_info["id"]], request.match_info["action"]
        if action in ("retry", "continue"):
            body = await request.json()
            return _run(state.new_run(state.tasks[run["task_id"]], body.get("auto_approve", action == "retry")), 201)
        if action == "cancel":
            run["status"] = "cancelled"
            state.emit(run["id"], [("cancelled", {"by": "ada"}, "cancelled by ada")])
        return _run(run)

    async def steer(request: web.Request) -> web.Response:
        run, said = state.runs[request.match_info["id"]], (await request.json())["message"]
        state.emit(run["id"], [("steered", {"by": "ada", "message": said, "answers": ""}, f"ada: {said}")])
        return _run(run)

    async def read_changes(request: web.Request) -> web.Response:
        return web.json_response(state.changes(state.runs[request.match_info["id"]]))

    async def decide(request: web.Request) -> web.Response:
        run, body = state.runs[request.match_info["id"]], await request.json()
        for entry in body.get("decisions", ()):
            state.decisions[entry["path"], entry.get("hunk")] = entry
        if body.get("done"):
            rejected = any(not said["accepted"] for said in state.decisions.values())
            run["status"] = "executing" if rejected or body.get("comment") else "delivering"
        return web.json_response(state.changes(run))

    async def socket(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        run_id, sent = request.match_info["id"], int(request.query.get("after", 0))
        state.sockets.append(sent)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            await answer.close(code=4401)
        elif run_id not in state.runs:
            await answer.close(code=4404)
        live, count = False, 0
        while not answer.closed:
            for event in state.events[run_id][sent:]:
                await answer.send_json(event)
                sent, count = event["seq"], count + 1
                if state.drop_after == count:
                    state.drop_after = None
                    await answer.close(code=4409)
                    return answer
            if not live:
                live = True
                await answer.send_json({"type": "live", "after": sent})
            try:
                message = await answer.receive(timeout=0.05)
            except TimeoutError:
                continue
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                break
        return answer

    async def one(request: web.Request) -> web.Response:
        run = state.runs.get(request.match_info["id"])
        return _run(run) if run else _problem(404, "Not Found", "This run does not exist.")

    async def logs(request: web.Request) -> web.Response:
        log = state.events[request.match_info["id"]]
        text = "".join(f"2026-11-22T12:00:00Z {event['type']} {event['message']}\n" for event in log)
        return web.Response(text=text + (state.waiting + state.access_ended if request.query.get("follow") else ""))

    async def ndjson(request: web.Request) -> web.Response:
        log = state.events[request.match_info["id"]]
        return web.Response(text="".join(json.dumps(event) + "\n" for event in log), content_type="application/x-ndjson")

    async def diff(request: web.Request) -> web.Response:
        if state.diff is None:
            return _problem(404, "Not Found", "This run has no diff yet: it is stored when the run delivers.", code="no_diff")
        return web.Response(body=state.diff, content_type="text/x-diff")

    async def ready(request: web.Request) -> web.Response:
        checks = {"database": {"ok": True, "latency_ms": 1.2}, "broker": {"ok": False, "latency_ms": 9, "error": "refused"}}
        return web.json_response({"status": "fail", "checks": checks}, status=503)

    async def sign_in(request: web.Request) -> web.Response:
        if (await request.json())["password"] == "wrong":
            return _problem(401, "Unauthorized", "No active account found with the given credentials")
        return web.json_response({"access": TOKEN, "refresh": "r"})

    async def accept(request: web.Request) -> web.Response:
        if (await request.json())["token"] != INVITATION:
            return _problem(404, "Not Found", "This invitation is unknown.", code="no_invitation", hint="Ask an owner.")
        return web.json_response({**DEFAULT, "role": "viewer"})

    async def gone(request: web.Request) -> web.Response:
        return web.Response(status=204)

    def fixed(document: Any) -> Any:
        async def answer(request: web.Request) -> web.Response:
            return web.json_response(document)

        return answer

    get("/api/runs", rows)
    post("/api/runs", make_run)
    get("/api/runs/{id}", one)
    app.router.add_patch("/api/runs/{id}", edit_plan)
    get("/api/runs/{id}/timing", timing)
    get(f"/api/runs/{{id}}/artifacts/{PROFILE['id']}", fixed({}))
    post("/api/runs/{id}/approve", approve)
    post("/api/runs/{id}/steer", steer)
    get("/api/runs/{id}/changes", read_changes)
    post("/api/runs/{id}/changes", decide)
    get("/api/runs/{id}/events", ndjson)
    get("/api/runs/{id}/logs", logs)
    get("/api/runs/{id}/diff", diff)
    post("/api/runs/{id}/{action:cancel|retry|continue|resume}", act)
    get("/api/repositories", links)
    post("/api/repositories/test", fixed({**LINK, "ok": True, "repo_full_name": "octocat/shop"}))
    post("/api/repositories/connect", connect)
    post("/api/repositories/refresh", refresh_all)
    post("/api/repositories/{id}/refresh", refresh)
    post("/api/repositories/{id}/webhook", hook)
    app.router.add_delete("/api/repositories/{id}", unlink)
    post("/api/tasks", make_task)
    get("/api/tasks", list_tasks)
    get("/ws/runs/{id}", socket)
    get("/health/live", fixed({"status": "ok"}))
    get("/health/ready", ready)
    get(
        "/api/me",
        fixed({"id": ADA, "email": "ada@example.com", "workspaces": [{**DEFAULT, "role": "owner"}], "server_model": "offline"}),
    )
    members = f"/api/workspaces/{DEFAULT['id']}/members"
    get(members, fixed({"items": MEMBERS, "next_cursor": None}))
    app.router.add_delete(f"{members}/{ADA}", gone)
    app.router.add_delete(f"{members}/{DEFAULT['id']}", gone)

    async def change_member(request: web.Request) -> web.Response:
        return web.json_response({**MEMBERS[1], **await request.json()})

    async def set_up(request: web.Request) -> web.Response:
        body = await request.json()
        if body["token"] != SETUP_TOKEN:
            return _problem(403, "Forbidden", "This is not the setup token of this server.", code="setup_token_invalid")
        return web.json_response(
            {"username": body["username"], "workspace": {**DEFAULT, "slug": body["workspace_slug"]}}, status=201
        )

    app.router.add_patch(f"{members}/{DEFAULT['id']}", change_member)
    post("/api/setup", set_up)
    get(f"/api/workspaces/{DEFAULT['id']}/usage", fixed(USAGE))
    get("/api/audit", fixed({"items": AUDIT, "next_cursor": None}))

    async def audit_lines(request: web.Request) -> web.Response:
        cut = [{"error": "access_ended"}] if request.query.get("action") == "cut.off" else []
        return web.Response(text="".join(f"{json.dumps(row)}\n" for row in [*AUDIT, *cut]))

    get("/api/audit/export", audit_lines)
    post(f"/api/workspaces/{DEFAULT['id']}/invitations", fixed({"id": ADA, "role": "viewer", "token": INVITATION}))
    post("/api/invitations/accept", accept)
    post("/api/auth/revoke", fixed({}))

    async def try_model(request: web.Request) -> web.Response:
        return web.json_response(state.model_test)

    _rows(app, "/api/models", state.models, {"last_test": None, "has_api_key": False}, secret="api_key")
    used = {"tokens": 1200, "cost_usd": "2.500000", "calls": 7, "seconds": 12.5, "unpriced_calls": 0}
    _rows(app, "/api/budgets", state.budgets, {"used": used, "project_id": None})
    post("/api/models/{id}/test", try_model)
    projects = [{"id": str(uuid.uuid4()), "slug": "default", "name": "Default", "review_changes": False, "always_ask": False}]

    async def change_project(request: web.Request) -> web.Response:
        return web.json_response({**projects[0], **await request.json()})

    post("/api/projects", change_project)
    app.router.add_patch("/api/projects/{id}", change_project)
    get("/api/projects", fixed({"items": projects, "next_cursor": None}))
    stack = {"id": "fastapi", "language": "python", "project_type": "api", "package_manager": "uv", "title": "FastAPI"}
    get("/api/stacks", fixed({"items": [stack], "next_cursor": None}))
    post("/api/auth/token", sign_in)
    _rows(app, "/api/tokens", state.tokens, {"role": "owner", "username": "ada", "token": TOKEN})
    _rows(app, "/api/workspaces", state.workspaces, {"role": "owner"})
    return app


def with_state(answer: dict[str, Any]) -> dict[str, Any]:
    """Tests set the status of a run; what it means is the server's own word."""
    return {**answer, "state": STATE_JSON[answer["status"]]}


def _run(run: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(with_state(run), status=status, headers={"ETag": _etag(run)})


def _etag(run: dict[str, Any]) -> str:
    return f'"{run["plan_version"]}-{run["status"]}"'


def _rows(app: web.Application, path: str, rows: dict[str, Any], defaults: dict[str, Any], *, secret: str = "") -> None:
    """A collection that can be listed, made, changed and deleted, as the server's settings are."""

    async def all_rows(request: web.Request) -> web.Response:
        return web.json_response({"items": list(rows.values()), "next_cursor": None})

    async def make(request: web.Request) -> web.Response:
        row = {**defaults, **(await request.json()), "id": str(uuid.uuid4())}
        row.pop(secret, None)
        rows[row["id"]] = row
        return web.json_response(row, status=201)

    async def change(request: web.Request) -> web.Response:
        row = rows[request.match_info["id"]]
        row.update(await request.json())
        row.pop(secret, None)
        return web.json_response(row)

    async def remove(request: web.Request) -> web.Response:
        del rows[request.match_info["id"]]
        return web.Response(status=204)

    app.router.add_get(path, all_rows)
    app.router.add_post(path, make)
    app.router.add_patch(f"{path}/{{id}}", change)
    app.router.add_delete(f"{path}/{{id}}", remove)


def _gate(state: Standin) -> Any:
    @web.middleware
    async def gate(request: web.Request, handler: Any) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        state.requests.append((request.method, request.path, dict(request.headers), body))
        if request.path.startswith(("/ws/", "/health/", "/api/auth/", "/api/setup")):
            return await handler(request)  # type: ignore[no-any-return]
        if state.busy:
            status, code, retry_after = state.busy.pop(0)
            refusal = _problem(status, "Refused", "Each person or API token may send 9 requests.", code=code)
            refusal.headers["Retry-After"] = retry_after
            return refusal
        if state.problem:
            return _problem(state.problem[0], "Refused", **state.problem[1])
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _problem(401, "Unauthorized", "The token is not valid.")
        answer: web.StreamResponse = await handler(request)
        if state.replays and request.method == "POST":
            answer.headers["Idempotent-Replayed"] = "true"
        return answer

    return gate


def _problem(status: int, title: str, detail: str, **extra: Any) -> web.Response:
    document = {"title": title, "status": status, "detail": detail, "request_id": "req-1", **extra}
    return web.json_response(document, status=status, content_type="application/problem+json")


class Running:
    """The stand-in on a free loopback port, in a thread of the test process."""

    def __init__(self) -> None:
        self.state = Standin()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Standin:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(SOON)
        return self.state

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(SOON)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SOON)
        self._loop.close()

    async def _start(self) -> None:
        self._runner = web.AppRunner(application(self.state), shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.state.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
