"""GitHub in the test session: its API from a package, git over HTTP, and the refusals that GitHub documents, on one address.

``with serve() as github:`` starts it; ``github.api_url`` is what a client is given, and
``github.repository("octocat/shop", FILES)`` makes a repository there.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from git import Repo

from mgx_project.embedded.ports import free_port

from ..patience import SOON
from .front import API, OWNER_TOKEN, Front, Level, State, wait_until_up

HERE = Path(__file__).parent
APP_ID = 4711
USERS = {"octocat": OWNER_TOKEN, "dev": "tok_dev", "stranger": "tok_stranger"}

PROTECTION = """#!/bin/sh
while read old new ref; do
  case "$ref" in refs/heads/{pattern})
    echo "error: GH006: Protected branch update failed for $ref." >&2
    echo "error: At least 1 approving review is required by reviewers with write access." >&2
    exit 1
  esac
done
"""
"""Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches"""


class GitHub:
    """``state`` is what tests change; ``url`` the web address, ``api_url`` the API's."""

    def __init__(self, front: Front, loop: asyncio.AbstractEventLoop, directory: Path, app_key: str) -> None:
        self._front, self._loop, self._directory = front, loop, directory
        self.state = front.state
        self.url = front.url
        self.api_url = front.url + API
        self.app_key = app_key
        self._begun: dict[str, Path] = {}

    def repository(
        self,
        name: str,
        files: Mapping[str, str] | None = None,
        *,
        private: bool = False,
        access: Mapping[str, Level] | None = None,
    ) -> str:
        """Makes octocat/name with one commit of ``files``, which is as old as the first such repository; octocat is its admin.
        Returns the URL to clone."""
        owner, _, short = name.partition("/")
        assert owner == "octocat", "every repository here is octocat's"
        self.state.access[name] = {owner: "admin", **(access or {})}
        if private:
            self.state.private.add(name)
        self.api("POST", "/user/repos", {"name": short, "private": private})
        for login, level in (access or {}).items():
            granted = {"read": "pull", "write": "push", "admin": "admin"}.get(level)
            if granted:
                self.api("PUT", f"/repos/{name}/collaborators/{login}", {"permission": granted})
        shutil.copytree(self._with_first_commit(files or {}), self.bare(name))
        if files:
            self._run(self._front.mirror(name))
        return f"{self.url}/{name}.git"

    def _with_first_commit(self, files: Mapping[str, str]) -> Path:
        """A bare repository to copy: most tests begin with the same few files, and git takes ten processes to commit them."""
        key = json.dumps(files)
        if key not in self._begun:
            bare = self._directory / "begun" / f"{len(self._begun)}.git"
            _git("init", "-q", "--bare", "--template=", "-b", "main", str(bare))
            if files:
                self._commit(bare, files, "first", branch="main")
            self._begun[key] = bare
        return self._begun[key]

    def bare(self, name: str) -> Path:
        return self._directory / "repositories" / f"{name}.git"

    def push(self, name: str, files: Mapping[str, str], message: str, *, branch: str = "main") -> str:
        """A commit of ``files`` on ``branch``, as somebody else would push it. Returns its SHA."""
        self._commit(self.bare(name), files, message, branch=branch)
        self._run(self._front.mirror(name))
        sha = self.branch(name, branch)
        assert sha is not None
        return sha

    def _commit(self, bare: Path, files: Mapping[str, str], message: str, *, branch: str) -> None:
        with tempfile.TemporaryDirectory(dir=self._directory) as place:
            clone = Path(place) / "clone"
            _git("clone", "-q", str(bare), str(clone))
            _git("switch", "-q", *(() if _branch(bare, branch) else ("-c",)), branch, cwd=clone)
            for path, text in files.items():
                (clone / path).parent.mkdir(parents=True, exist_ok=True)
                (clone / path).write_text(text)
            _git("add", "-A", cwd=clone)
            _git("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "commit", "-q", "-m", message, cwd=clone)
            _git("push", "-q", "origin", f"HEAD:{branch}", cwd=clone)

    def merge(self, name: str, number: int) -> str:
        """Merges a pull request whose branch stands on main, as "rebase and merge" does. Returns main's new SHA."""
        pull = self.api("PUT", f"/repos/{name}/pulls/{number}/merge", {}) and self.api("GET", f"/repos/{name}/pulls/{number}")
        sha: str = pull["head"]["sha"]
        self.git(name, "update-ref", "refs/heads/main", sha)
        self._run(self._front.mirror(name))
        return sha

    def protect(self, name: str, pattern: str) -> None:
        """Nobody pushes to branches like ``pattern`` any more; it is refused in GitHub's words."""
        hook = self.bare(name) / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(PROTECTION.format(pattern=pattern))
        hook.chmod(0o755)

    def unprotect(self, name: str) -> None:
        (self.bare(name) / "hooks" / "pre-receive").unlink()

    def git(self, name: str, *args: str) -> str:
        """What git says in the repository."""
        return _git(*args, cwd=self.bare(name))

    def branch(self, name: str, branch: str) -> str | None:
        """The commit that a branch is at in git; None where there is no such branch."""
        return _branch(self.bare(name), branch)

    def api(self, method: str, path: str, body: Any = None, *, token: str = OWNER_TOKEN) -> Any:
        """One request to the API, as somebody else would make it. Raises AssertionError unless it succeeds."""
        request = urllib.request.Request(
            self.api_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SOON) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:300]}") from error
        return json.loads(text) if text else None

    def refuse(self, *, status: int, message: str, headers: Mapping[str, str] | None = None, times: int = 1) -> None:
        """The next ``times`` requests to the API are answered so."""
        self.state.refusals += [(status, dict(headers or {}), message)] * times

    def revoke(self, token: str) -> None:
        self.state.tokens[token] = None

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(SOON)


@contextmanager
def serve() -> Iterator[GitHub]:
    """The server in a thread of its own and its API in a child process. Fails at the end if something went wrong inside."""
    directory = Path(tempfile.mkdtemp(prefix="mgx-github-"))
    state = State()
    state.tokens |= {token: login for login, token in USERS.items()}
    port, front_port = free_port(), free_port()
    upstream, url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{front_port}"
    app_key = _app_key()
    seed = directory / "seed.yaml"
    seed.write_text(json.dumps(_seed(app_key)))  # JSON is YAML
    with (directory / "emulate.log").open("wb") as log:
        argv = ["node", str(_installed() / "emulate" / "dist" / "index.js"), "start", "--service", "github"]
        argv += ["--port", str(port), "--seed", str(seed), "--base-url", upstream]
        process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="github", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(wait_until_up(upstream, SOON), loop).result(SOON + 1)
        front = Front(state, upstream, directory / "repositories")
        front.url = url
        runner = asyncio.run_coroutine_threadsafe(_start(front, front_port), loop).result(SOON)
        try:
            yield GitHub(front, loop, directory, app_key)
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(SOON)
        assert not front.failures, front.failures
    finally:
        process.terminate()
        process.wait(SOON)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SOON)
        loop.close()
        shutil.rmtree(directory)


async def _start(front: Front, port: int) -> web.AppRunner:
    runner = web.AppRunner(front.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


def _seed(app_key: str) -> dict[str, Any]:
    everything = ["repo", "user", "admin:repo_hook"]
    people = {token: login for login, token in USERS.items()}
    installation = {"installation_id": 100, "account": "octocat", "repository_selection": "all"}
    app = {
        "app_id": APP_ID, "slug": "mgx", "name": "MGX", "private_key": app_key, "events": ["push", "pull_request"],
        "permissions": {"contents": "write", "issues": "write", "pull_requests": "write", "checks": "read"},
        "installations": [installation],
    }  # fmt: skip
    return {
        "tokens": {token: {"login": login, "scopes": everything} for token, login in people.items()},
        "github": {
            "users": [{"login": login, "name": login.title(), "email": f"{login}@example.org"} for login in people.values()],
            "repos": [],
            "apps": [app],
        },
    }


def _app_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def _installed() -> Path:
    """The packages of package-lock.json, installed beside it when they are not there yet; by one process of any number."""
    modules = HERE / "node_modules"
    with (HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (modules / ".package-lock.json").is_file():  # npm writes it last
            argv = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(argv, cwd=HERE, check=True, capture_output=True)
    return modules


def _branch(bare: Path, branch: str) -> str | None:
    with Repo(bare) as repo:
        return next((head.commit.hexsha for head in repo.heads if head.name == branch), None)


def _git(*args: str, cwd: Path | None = None) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(["git", *args], cwd=cwd, capture_output=True, text=True, check=True, env=env)
    return done.stdout.strip()
