"""Bare repositories behind a git server that wants a password: GitHub's git of these tests without its API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from .github.git_http import GitHttp
from .scripted_openai import in_thread

TOKEN = "tok_Sup3r/secret+value"
MAX_PUSH = 1 << 30
"""Bytes."""


@dataclass(frozen=True)
class GitServer:
    """The repositories ``root/name.git`` at ``url/name.git`` for whoever knows TOKEN; ``url/moved/…`` redirects."""

    root: Path
    url: str
    close: Callable[[], None]
    """Nobody answers there any more. May be called again."""


@contextmanager
def serve(root: Path) -> Iterator[GitServer]:
    git = GitHttp(root, _allowed, _pushed)
    app = web.Application(client_max_size=MAX_PUSH)
    app.router.add_route("*", "/moved/{rest:.*}", _moved)
    app.router.add_route("*", "/{name:[^/]+[.]git}/{rest:.*}", git.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def start() -> web.AppRunner:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    with ExitStack() as stack:
        stack.enter_context(in_thread(start, "git"))
        yield GitServer(root, f"http://127.0.0.1:{runner.addresses[0][1]}", stack.close)


def _allowed(token: str, name: str, writes: bool) -> int:
    return 200 if token == TOKEN else 401


async def _pushed(name: str) -> None:
    """Git knows already."""


async def _moved(request: web.Request) -> web.StreamResponse:
    return web.Response(status=301, headers={"Location": f"/{request.match_info['rest']}?{request.query_string}"})
