"""The address that clients know: the API server's answers, made as strict as GitHub documents them, and git beside it.

Sources: https://docs.github.com/en/rest (status codes of each operation, "Best practices", "Rate limits").
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiohttp
from aiohttp import web
from git import Repo

from .git_http import GitHttp, token_of
from .mirror import Mirror
from .strict import Limits

API = "/api/v3"
Level = Literal["none", "read", "write", "admin"]
LEVELS = ("none", "read", "write", "admin")
OWNER_TOKEN = "tok_octocat"
"""Of the account that owns every repository here: what the tests themselves do is done with it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_REPO = re.compile(r"^/repos/([^/]+/[^/]+)(/.*)?$")
_WEB_FIELDS = {"html_url", "clone_url", "git_url", "ssh_url", "svn_url", "avatar_url", "homepage"}


@dataclass
class State:
    """What the strictness knows. ``access`` maps owner/name → login → level; ``tokens`` token → login (None: revoked)."""

    tokens: dict[str, str | None] = field(default_factory=dict)
    access: dict[str, dict[str, Level]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    protected: dict[str, set[str]] = field(default_factory=dict)
    """owner/name → branches that nobody may push to."""
    unmergeable: set[tuple[str, int]] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    refusals: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    """Answers (status, headers, message) that the next API requests get instead of their own."""
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    """(method, path, status) of every API request, in order."""
    reactions: dict[tuple[str, int], set[tuple[str, str]]] = field(default_factory=dict)
    """(owner/name, id of a comment) → (login, sign)."""
    watch: Callable[[str, str, str], None] | None = None
    """Called with (before or after, method, path) of each request, git's too, in a thread; the request waits for it."""
    cut: bool = False
    """The network is: every connection is reset."""
    limits: Limits | None = None
    """Enforced on all requests to the API, where there are any."""
    apps: set[str] = field(default_factory=set)
    """Tokens that belong to an installation of an app."""

    def level(self, token: str, name: str) -> Level:
        login = self.tokens.get(token)
        if token in self.apps:
            return "admin"
        public: Level = "none" if name in self.private else "read"
        return self.access.get(name, {}).get(login or "", public)


class Front:
    def __init__(self, state: State, upstream: str, repositories: Path) -> None:
        self.state = state
        self.upstream = upstream
        self.url = ""
        self._repositories = repositories
        self._git = GitHttp(repositories, self._may_git, self._pushed)
        self._mirrors: dict[str, Mirror] = {}
        self._client: aiohttp.ClientSession | None = None
        self.failures: list[BaseException] = []
        """What went wrong in here: a test that saw any must fail."""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1024**3, middlewares=[self._watched])
        app.router.add_route("*", f"{API}/{{path:.*}}", self._api)
        app.router.add_route("*", "/{owner}/{name:[^/]+[.]git}/{rest:.*}", self._git.handle)
        app.on_cleanup.append(self._close)
        return app

    @web.middleware
    async def _watched(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.state.watch is not None:
            await asyncio.to_thread(self.state.watch, "before", request.method, request.path_qs)
        if self.state.cut:
            _reset(request)
        response = await handler(request)
        if self.state.watch is not None:
            await asyncio.to_thread(self.state.watch, "after", request.method, request.path_qs)
        if self.state.cut:
            _reset(request)
        return response

    async def _close(self, app: web.Application) -> None:
        if self._client is not None:
            await self._client.close()

    def _may_git(self, token: str, name: str, writes: bool) -> int:
        if token and not self.state.tokens.get(token):
            return 401
        level = LEVELS.index(self.state.level(token, name))
        if level == 0:
            return 404 if token else 401
        if writes and level < LEVELS.index("write"):
            return 403 if token else 401
        return 200

    async def _pushed(self, name: str) -> None:
        try:
            await self.mirror(name)
        except BaseException as error:
            self.failures.append(error)
            raise

    async def mirror(self, name: str) -> None:
        """Tells the API server of the branches of owner/name as git has them now."""
        known = self._mirrors.get(name)
        if known is None:
            api = f"{self.upstream}/repos/{name}"
            known = self._mirrors[name] = Mirror(self._repositories / f"{name}.git", api, OWNER_TOKEN)
        await known.run()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(API)
        limits = self.state.limits
        refusal = limits.refusal() if limits else None
        response = await self._answer(request, path) if refusal is None else _message(refusal[0], refusal[2], refusal[1])
        if limits and refusal is None:
            limits.count(response.status)
            response.headers.update(limits.headers())
        self.state.requests.append((request.method, path, response.status))
        return response

    async def _answer(self, request: web.Request, path: str) -> web.Response:
        state, token = self.state, token_of(request)
        if state.refusals:
            status, headers, message = state.refusals.pop(0)
            return _message(status, message, headers)
        jwt = token.count(".") == 2
        if token and not jwt and not state.tokens.get(token):
            return _message(401, "Bad credentials")
        body = await request.read()
        found = _REPO.match(path)
        if found is not None and not (jwt and found[2] == "/installation"):  # which the app itself asks for
            name, rest = found[1], found[2] or ""
            if name in state.renamed:
                return _message(301, "Moved Permanently", {"Location": f"{self.url}{API}/repos/{state.renamed[name]}{rest}"})
            own = await self._own_answer(request.method, name, rest, token, body, request.headers.get("If-None-Match", ""))
            if own is not None:
                return own
            path, body = self._translated(request.method, name, rest, path, body)
        if path.endswith("/access_tokens") and _json(body).get("permissions") == {}:
            body = b""  # GitHub takes an empty object for everything that the app has
        return await self._forward(request, path, body)

    def _translated(self, method: str, name: str, rest: str, path: str, body: bytes) -> tuple[str, bytes]:
        """Operations that the API server knows under another name."""
        if method == "POST" and (reply := re.fullmatch(r"/pulls/(\d+)/comments/(\d+)/replies", rest)):
            said = {"body": _json(body).get("body"), "in_reply_to_id": int(reply[2])}
            return f"/repos/{name}/pulls/{reply[1]}/comments", json.dumps(said).encode()
        return path, body

    async def _pull_as_issue(self, path: str) -> web.Response | None:
        """Every pull request is an issue too."""
        pull = None if await self._get(path) else await self._get(path.replace("/issues/", "/pulls/"))
        if pull is None:
            return None
        kept = ("id", "number", "title", "body", "state", "user", "labels", "html_url", "created_at", "updated_at")
        found = {**{key: pull[key] for key in kept}, "url": self.upstream + path, "pull_request": {"url": pull["url"]}}
        return web.json_response(self._addressed(found))

    async def _own_answer(self, method: str, name: str, rest: str, token: str, body: bytes, known: str) -> web.Response | None:
        """What GitHub would refuse or give, and the API server would not."""
        state = self.state
        level = LEVELS.index(state.level(token, name))
        if level == 0:
            return _message(404, "Not Found")
        commenting = (
            re.fullmatch(r"/issues(/\d+/comments|/comments/\d+)?|/(issues|pulls)/comments/\d+/reactions", rest) is not None
        )
        if method not in {"GET", "HEAD"} and not commenting and level < LEVELS.index("write"):
            return _message(403, "Resource not accessible by personal access token")
        if (asked := re.fullmatch(r"/collaborators/([^/]+)/permission", rest)) and method == "GET":
            theirs = state.access.get(name, {}).get(asked[1], "none" if name in state.private else "read")
            folded = {"maintain": "write", "triage": "read"}.get(theirs, theirs)
            told = {"permission": folded, "role_name": theirs, "user": {"login": asked[1]}}
            tag = f'"{hashlib.sha256(json.dumps(told).encode()).hexdigest()}"'
            if known == tag:
                return web.Response(status=304, headers={"ETag": tag})
            return web.json_response(told, headers={"ETag": tag})
        data = _json(body)
        if method == "POST" and (comment := re.fullmatch(r"/(?:issues|pulls)/comments/(\d+)/reactions", rest)):
            return self._reacted(name, int(comment[1]), str(state.tokens.get(token)), str(data.get("content")))
        if method == "POST" and rest == "/pulls":
            return await self._duplicate_pull(name, data)
        if method == "POST" and rest == "/git/refs":
            there = await self._get(f"/repos/{name}/git/ref/{str(data.get('ref', '')).removeprefix('refs/')}")
            if there is not None:
                return _message(422, "Reference already exists")
        if method == "GET" and re.fullmatch(r"/issues/\d+", rest):
            return await self._pull_as_issue(f"/repos/{name}{rest}")
        if method == "POST" and (pull := re.fullmatch(r"(/pulls/\d+)/requested_reviewers", rest)):
            return await self._refused_reviewers(name, f"/repos/{name}{pull[1]}", data)
        merging = re.fullmatch(r"/pulls/(\d+)/merge", rest)
        if merging and method == "PUT" and (name, int(merging[1])) in state.unmergeable:
            return _message(405, "Pull Request is not mergeable")
        return None

    def _reacted(self, name: str, comment: int, login: str, sign: str) -> web.Response:
        """201 for a new reaction, 200 for one that is there: the API server knows none."""
        there = self.state.reactions.setdefault((name, comment), set())
        known = (login, sign) in there
        there.add((login, sign))
        return web.json_response({"id": len(there), "content": sign, "user": {"login": login}}, status=200 if known else 201)

    async def _refused_reviewers(self, name: str, path: str, data: dict[str, Any]) -> web.Response | None:
        """One that may not review refuses them all. Source: https://docs.github.com/en/rest/pulls/review-requests"""
        pull = await self._get(path)
        wanted = data.get("reviewers") or []
        if pull and pull["user"]["login"] in wanted:
            return _message(422, "Review cannot be requested from pull request author.")
        if any(self.state.access.get(name, {}).get(login, "none") == "none" for login in wanted):
            said = "Reviews may only be requested from collaborators. One or more of the users is not a collaborator of"
            return _message(422, f"{said} {name}.")
        return None

    async def _duplicate_pull(self, name: str, data: dict[str, Any]) -> web.Response | None:
        head = str(data.get("head", ""))
        owner = name.partition("/")[0]
        label = head if ":" in head else f"{owner}:{head}"
        pulls = await self._get(f"/repos/{name}/pulls?state=open&per_page=100") or []
        if not any(pull["head"]["ref"] == label.partition(":")[2] for pull in pulls):
            return None
        said = f"A pull request already exists for {label}."
        errors = [{"resource": "PullRequest", "code": "custom", "message": said}]
        return web.json_response({"message": "Validation Failed", "errors": errors}, status=422)

    async def _get(self, path: str) -> Any:
        async with self._session().get(self.upstream + path, headers={"Authorization": f"token {OWNER_TOKEN}"}) as answer:
            return await answer.json() if answer.status == 200 else None

    async def _forward(self, request: web.Request, path: str, body: bytes) -> web.Response:
        wanted = {"Authorization", "Accept", "Content-Type"}
        headers = {name: value for name, value in request.headers.items() if name in wanted}
        url = f"{self.upstream}{path}" + (f"?{request.query_string}" if request.query_string else "")
        async with self._session().request(
            request.method, url, data=body or None, headers=headers, allow_redirects=False
        ) as got:
            raw, status, kind = await got.read(), got.status, got.headers.get("Content-Type", "application/json")
            passed = {name: got.headers[name] for name in ("Link",) if name in got.headers}
        if "json" in kind and raw:
            data = self._addressed(json.loads(raw))
            self._note_token(path, status, data)
            self._note_permissions(path, token_of(request), data)
            self._note_head(path, data)
            raw = json.dumps(data).encode()
        if "Link" in passed:
            passed["Link"] = passed["Link"].replace(self.upstream, f"{self.url}{API}")
        tag = f'"{hashlib.sha256(raw).hexdigest()}"'
        limits = {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "4999",
            "X-RateLimit-Reset": str(int(time.time()) + 3600),
        }
        if request.method == "GET" and status == 200:
            if request.headers.get("If-None-Match") == tag:
                return web.Response(status=304, headers={**limits, "ETag": tag})
            passed["ETag"] = tag
        return web.Response(body=raw, status=status, headers={**passed, **limits}, content_type=kind.partition(";")[0])

    def _note_token(self, path: str, status: int, data: Any) -> None:
        """Tokens of installations are valid from their making."""
        if re.fullmatch(r"/app/installations/\d+/access_tokens", path) and status == 201:
            self.state.tokens[data["token"]] = "app[bot]"
            self.state.apps.add(data["token"])

    def _note_permissions(self, path: str, token: str, data: Any) -> None:
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)", path)
        if found and isinstance(data, dict) and "full_name" in data:
            level = LEVELS.index(self.state.level(token, found[1]))
            data["permissions"] = {"pull": level >= 1, "push": level >= 2, "admin": level >= 3}

    def _note_head(self, path: str, data: Any) -> None:
        """The head of an open pull request follows its branch, which the API server notes only when it is opened."""
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)/pulls/\d+", path)
        if found and isinstance(data, dict) and data.get("state") == "open":
            with Repo(self._repositories / f"{found[1]}.git") as repo:
                heads = {head.name: head.commit.hexsha for head in repo.heads}
            data["head"]["sha"] = heads.get(data["head"]["ref"], data["head"]["sha"])

    def _addressed(self, data: Any, name: str = "") -> Any:
        """``data`` with the front's address in place of the API server's."""
        if isinstance(data, dict):
            return {key: self._addressed(value, key) for key, value in data.items()}
        if isinstance(data, list):
            return [self._addressed(value, name) for value in data]
        if isinstance(data, str) and data.startswith(self.upstream):
            return self.url + ("" if name in _WEB_FIELDS else API) + data.removeprefix(self.upstream)
        return data

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession()
        return self._client


def _reset(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("the network is cut")


def _message(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(
        {"message": message, "documentation_url": "https://docs.github.com/rest"}, status=status, headers=headers
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


async def wait_until_up(url: str, seconds: float) -> None:
    """Raises TimeoutError when ``url`` does not answer in time."""
    async with asyncio.timeout(seconds), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.03)
