"""Tells the API server what was pushed: every commit goes in through its git-data API, so that the SHAs are the same."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import aiohttp
from git import Blob, Commit, Repo, Tree


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
            with Repo(self._bare) as repo:
                heads = {head.path: head.commit for head in repo.heads}
                for ref, head in heads.items():
                    for commit in reversed(list(repo.iter_commits(head, topo_order=True))):
                        await self._commit(session, commit)
                    await self._point(session, ref, head.hexsha)
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

    async def _commit(self, session: aiohttp.ClientSession, commit: Commit) -> None:
        if commit.hexsha in self._sent:
            return
        self._sent.add(commit.hexsha)
        await self._tree(session, commit.tree)
        author, committer = (
            {"name": person.name, "email": person.email, "date": at.isoformat()}
            for person, at in ((commit.author, commit.authored_datetime), (commit.committer, commit.committed_datetime))
        )
        parents = [parent.hexsha for parent in commit.parents]
        body = {
            "message": commit.message, "tree": commit.tree.hexsha, "parents": parents, "author": author, "committer": committer,
        }  # fmt: skip
        made = await self._ask(session, "POST", "git/commits", body)
        assert made["sha"] == commit.hexsha, f"the API server made {made['sha']} of {commit.hexsha}"

    async def _tree(self, session: aiohttp.ClientSession, tree: Tree) -> None:
        if tree.hexsha in self._sent:
            return
        self._sent.add(tree.hexsha)
        entries = []
        for entry in tree:
            if isinstance(entry, Tree):
                await self._tree(session, entry)
            elif isinstance(entry, Blob) and entry.hexsha not in self._sent:
                self._sent.add(entry.hexsha)
                content = base64.b64encode(entry.data_stream.read()).decode()
                await self._ask(session, "POST", "git/blobs", {"content": content, "encoding": "base64"})
            kind = entry.type if isinstance(entry, Tree | Blob) else "commit"
            entries.append({"path": entry.name, "mode": f"{entry.mode:06o}", "type": kind, "sha": entry.hexsha})
        made = await self._ask(session, "POST", "git/trees", {"tree": entries})
        assert made["sha"] == tree.hexsha, f"the API server made {made['sha']} of {tree.hexsha}"

    async def _ask(self, session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
        async with session.request(method, f"{self._api}/{path}", json=body) as answer:
            text = await answer.text()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text[:300]}"
            return await answer.json() if text else None
