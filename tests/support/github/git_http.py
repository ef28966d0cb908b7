"""Git over HTTP by `git http-backend`: Basic authentication with a token, private repositories that look absent to strangers.

Format: https://git-scm.com/docs/git-http-backend
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web

from agent.children import child

HEADER_END = b"\r\n\r\n"
Allowed = Callable[[str, str, bool], int]
"""(token, owner/name, writes) → the HTTP status to answer with, 200 where it may go on."""


def token_of(request: web.Request) -> str:
    """The password of Basic authentication or the token of Bearer and token; "" where there is none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "token"}:
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


class GitHttp:
    """Serves the bare repositories ``root/owner/name.git``. ``pushed`` is awaited after each push, with owner/name."""

    def __init__(self, root: Path, allowed: Allowed, pushed: Callable[[str], Awaitable[None]]) -> None:
        self._root, self._allowed, self._pushed = root, allowed, pushed

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = unquote(request.path)
        name, _, _ = path.strip("/").partition(".git")
        writes = "git-receive-pack" in path or request.query.get("service") == "git-receive-pack"
        status = self._allowed(token_of(request), name, writes)
        if status != 200:
            headers = {"WWW-Authenticate": 'Basic realm="GitHub"'} if status == 401 else {}
            return web.Response(status=status, headers=headers, text="Repository not found." if status == 404 else "")
        pushed = name if request.method == "POST" and writes else None
        return await self._backend(request, path, pushed)

    async def _backend(self, request: web.Request, path: str, pushed: str | None) -> web.StreamResponse:
        settings = {"http.receivepack": "true", "http.uploadpack": "true", "uploadpack.allowAnySHA1InWant": "true"}
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self._root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": request.method,
            "PATH_INFO": path,
            "QUERY_STRING": request.query_string,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "tester",
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        for number, (key, value) in enumerate(settings.items()):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        body = await request.read()
        env["CONTENT_LENGTH"] = str(len(body))
        pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        # a client that goes away cancels this handler: the block takes the backend and its pipes along
        async with child("git", "http-backend", stdin=pipe, stdout=pipe, stderr=nowhere, env=env) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            feeding = asyncio.create_task(_feed(process.stdin, body))
            try:
                head = await process.stdout.readuntil(HEADER_END)
                fields = dict(line.split(": ", 1) for line in head.decode().strip().split("\r\n"))
                status = int(fields.pop("Status", "200").split()[0])
                response = web.StreamResponse(status=status, headers=fields)
                await response.prepare(request)
                while piece := await process.stdout.read(64 * 1024):
                    await response.write(piece)
                await feeding
                await process.wait()
            finally:
                feeding.cancel()
        if pushed is not None:
            await self._pushed(pushed)  # before the answer ends: who has pushed may ask the API at once
        await response.write_eof()
        return response


async def _feed(stdin: asyncio.StreamWriter, body: bytes) -> None:
    try:
        stdin.write(body)
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # the backend has refused without reading everything
    finally:
        stdin.close()
