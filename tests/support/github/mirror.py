"""Tells the API server what was pushed: every commit goes in through its git-data API, so that the SHAs are the same."""

from __future__ import annotations

import asyncio
import base64
import re
from pathlib import Path
from typing import Any

import aiohttp

_ENTRY = re.compile(r"(\d+) (\w+) (\w+)\t(.*)")


class Mirror:
    """Of one bare repository ``bare`` in the API at ``api`` (``…/repos/owner/name``)."""

    def __init__(self, bare: Path, api: str, token: str) -> None:
        self._bare, self._api = bare, api
        self._headers = {"Authorization": f"token {token}"}
        self._sent: set[str] = set()
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Brings all branches of the API to those of the bare repository; branches that are gone there go here too."""
        async with self._lock, aiohttp.ClientSession(headers=self._headers) as session:
            lines = (await self._git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads")).decode().splitlines()
            heads = {ref: sha for sha, ref in (line.split(" ", 1) for line in lines)}
            for ref, sha in heads.items():
                for commit in reversed((await self._git("rev-list", "--topo-order", sha)).decode().split()):
                    await self._commit(session, commit)
                await self._point(session, ref, sha)
            for branch in await self._ask(session, "GET", "branches?per_page=100"):
                ref = f"refs/heads/{branch['name']}"
                if ref not in heads:
                    await self._ask(session, "DELETE", f"git/{ref}")

    async def _point(self, session: aiohttp.ClientSession, ref: str, sha: str) -> None:
        async with session.get(f"{self._api}/git/ref/{ref.removeprefix('refs/')}") as there:
            known = there.status == 200
        if known:
            await self._ask(session, "PATCH", f"git/{ref}", {"sha": sha, "force": True})
        else:
            await self._ask(session, "POST", "git/refs", {"ref": ref, "sha": sha})

    async def _commit(self, session: aiohttp.ClientSession, sha: str) -> None:
        if sha in self._sent:
            return
        self._sent.add(sha)
        tree = (await self._git("rev-parse", f"{sha}^{{tree}}")).decode().strip()
        await self._tree(session, tree)
        form = "%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI"
        parents, *people = (await self._git("show", "-s", f"--format={form}", sha)).decode().strip("\n").split("\0")
        author, committer = (dict(zip(("name", "email", "date"), part, strict=True)) for part in (people[:3], people[3:]))
        message = (await self._git("cat-file", "commit", sha)).split(b"\n\n", 1)[1].decode()
        body = {"message": message, "tree": tree, "parents": parents.split(), "author": author, "committer": committer}
        made = await self._ask(session, "POST", "git/commits", body)
        assert made["sha"] == sha, f"the API server made {made['sha']} of {sha}"

    async def _tree(self, session: aiohttp.ClientSession, sha: str) -> None:
        if sha in self._sent:
            return
        self._sent.add(sha)
        entries = []
        for line in (await self._git("ls-tree", sha)).decode().splitlines():
            found = _ENTRY.fullmatch(line)
            assert found is not None
            mode, kind, object_id, path = found.groups()
            if kind == "tree":
                await self._tree(session, object_id)
            elif kind == "blob" and object_id not in self._sent:
                self._sent.add(object_id)
                content = base64.b64encode(await self._git("cat-file", "blob", object_id)).decode()
                await self._ask(session, "POST", "git/blobs", {"content": content, "encoding": "base64"})
            entries.append({"path": path, "mode": mode, "type": kind, "sha": object_id})
        made = await self._ask(session, "POST", "git/trees", {"tree": entries})
        assert made["sha"] == sha, f"the API server made {made['sha']} of {sha}"

    async def _ask(self, session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
        async with session.request(method, f"{self._api}/{path}", json=body) as answer:
            text = await answer.text()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text[:300]}"
            return await answer.json() if text else None

    async def _git(self, *args: str) -> bytes:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec("git", "-C", str(self._bare), *args, stdout=pipe, stderr=pipe)
        out, said = await process.communicate()
        assert process.returncode == 0, said.decode()
        return out
