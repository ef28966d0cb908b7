"""A clone that belongs to one run.

Its git directory lies beside the workdir, not in it: what runs in the workdir (hostile code, at worst) can't reach the
configuration, hooks or objects that git works with here.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from . import local
from .errors import GitFailed
from .git import Remote, Source, explain, reach
from .process import git

__all__ = ["NEVER_COMMITTED", "Checkout", "GitFailed", "Source"]

NEVER_COMMITTED = (
    "/.mgx/", "__pycache__/", ".pytest_cache/", ".ruff_cache/", ".mypy_cache/", ".hypothesis/", "node_modules/", ".venv/",
)  # fmt: skip
"""What the work leaves behind and is no part of it, unless the repository already tracks it."""

_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
_DIFF_CONFIG = {"diff.algorithm": "histogram", "diff.context": "3", "diff.interHunkContext": "0", "diff.orderFile": ""}


@dataclass(frozen=True)
class Base:
    """Where the work begins: a commit ("" for none) and the name of its branch."""

    sha: str
    branch: str


class Checkout:
    """``root`` is the workdir, ``base_sha`` the commit it began at ("" for an empty repository), ``base_branch`` its branch."""

    def __init__(self, directory: Path, source: Source, *, base_sha: str, base_branch: str, base_tree: str) -> None:
        self.root = directory / "repo"
        self._git_dir = directory / "git"
        self._source = source
        self.base_sha = base_sha
        self.base_branch = base_branch
        self._base_tree = base_tree

    @classmethod
    async def create(cls, directory: Path, source: Source, *, sha: str = "", empty: bool = False) -> Checkout:
        """A fresh clone in ``directory`` (what was there is removed) at the head of the source's branch.

        With ``sha``, at exactly that commit, also when the branch has moved; with ``empty``, at nothing, also when the remote
        has commits by now: this is how a run that is taken over gets the base it began with. Raises GitFailed and what
        `reach` raises.
        """
        await asyncio.to_thread(_clear, directory)
        if not source.url or (empty and not sha):
            await _init(directory)
            base = Base("", source.branch or "main")
        else:
            async with reach(source) as remote:
                if remote.where.path and not sha and not source.allow_dirty:
                    await local.require_committed(remote.where.path)
                base = await _base(remote, source, sha)
                await _init(directory, sha256=len(base.sha) == 64)
                if base.sha:
                    await _fetch(remote, directory / "git", base)
        if not base.sha:
            empty_tree = (await _quiet(directory, "hash-object", "-t", "tree", "-w", "--stdin")).decode().strip()
            return cls(directory, source, base_sha="", base_branch=base.branch, base_tree=empty_tree)
        checkout = cls(directory, source, base_sha=base.sha, base_branch=base.branch, base_tree=f"{base.sha}^{{tree}}")
        await checkout._git("read-tree", "--reset", "-u", checkout._base_tree)
        return checkout

    # the tree

    async def tree(self) -> str:
        """The id of the workdir's tree as it is now; its objects are stored. What .gitignore names is left out."""
        await self._drop_nested_repositories()
        await self._git("add", "-A", "--", ".", what="storing the workdir")
        return (await self._git("write-tree")).decode().strip()

    async def patch_of(self, tree: str) -> bytes:
        """What makes ``tree`` out of the base: a binary patch with full object ids, the same bytes each time."""
        return await self._diff("-p", "--binary", "--full-index", self._base_tree, tree)

    async def restore(self, tree: str, patch: bytes) -> None:
        """Makes the workdir exactly base + ``patch``: what is ignored or untracked goes.

        Raises GitFailed when that is not ``tree``.
        """
        await self._git("read-tree", "--reset", self._base_tree)
        if patch:
            await self._git(
                "apply", "--cached", "--binary", "--whitespace=nowarn", "-", stdin=patch, what="applying the stored patch"
            )
        made = (await self._git("write-tree")).decode().strip()
        if made != tree:
            raise GitFailed(
                f"The stored patch makes the tree {made}, not {tree}: the artifact is damaged.", code="tree_mismatch"
            )
        await self._switch(tree)

    async def reset(self, tree: str = "") -> None:
        """Makes the workdir exactly ``tree``, one that was stored here, or the base: ignored and untracked files go too."""
        await self._switch(tree or self._base_tree)

    async def diff(self, tree_or_commit: str) -> str:
        """For people: base to ``tree_or_commit``, binary files only named. Bytes that are no UTF-8 are replaced."""
        return (await self._diff("-p", self._base_tree, tree_or_commit)).decode(errors="replace")

    async def contents(self, tree: str) -> dict[str, tuple[bytes | None, bytes | None]]:
        """The bytes in the base and in ``tree`` of each file that differs, by path; None is a file that is not there."""
        fields = (await self._diff("--raw", "-z", "--no-abbrev", self._base_tree, tree)).split(b"\0")
        entries = [
            (head.split()[2:4], path.decode(errors="surrogateescape"))
            for head, path in zip(fields[::2], fields[1::2], strict=False)
        ]
        ids = list(dict.fromkeys(blob for (old, new), _ in entries for blob in (old, new) if blob.strip(b"0")))
        found = await self._blobs(ids)
        return {path: (found.get(old), found.get(new)) for (old, new), path in entries}

    async def _blobs(self, ids: list[bytes]) -> dict[bytes, bytes]:
        """Those of the objects that are blobs: a submodule's commit is none that is here."""
        told = await self._git("cat-file", "--batch", stdin=b"".join(blob + b"\n" for blob in ids)) if ids else b""
        found, at = {}, 0
        for blob in ids:
            end = told.index(b"\n", at)
            header = told[at:end].split()
            at = end + 1
            if len(header) == 3:
                size = int(header[2])
                if header[1] == b"blob":
                    found[blob] = told[at : at + size]
                at += size + 1
        return found

    async def stat(self, tree_or_commit: str) -> dict[str, Any]:
        """``{"files", "added", "removed", "text"}``: counts of files and lines, and git's own summary as text."""
        numbers = (await self._diff("--numstat", "-z", self._base_tree, tree_or_commit)).decode(errors="replace")
        rows = [entry.split("\t") for entry in numbers.split("\0") if entry]
        text = (await self._diff("--stat=100", self._base_tree, tree_or_commit)).decode(errors="replace")
        return {
            "files": len(rows),
            "added": sum(int(row[0]) for row in rows if row[0].isdigit()),
            "removed": sum(int(row[1]) for row in rows if row[1].isdigit()),
            "text": text,
        }

    async def commit(self, tree: str, *, message: str, author: tuple[str, str], date: datetime) -> str:
        """A commit of ``tree`` on the base. The same arguments give the same id; ``date`` must be aware."""
        when = f"@{int(date.timestamp())} +0000"
        name, email = author
        people = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in zip(
            ("NAME", "EMAIL", "DATE"), (name, email, when), strict=True)}  # fmt: skip
        parent = ("-p", self.base_sha) if self.base_sha else ()
        text = message.rstrip("\n") + "\n"  # as git itself writes it; some services store no other
        out = await self._git("commit-tree", tree, *parent, "-F", "-", stdin=text.encode(), env=people)
        return out.decode().strip()

    # the remote

    async def remote_head(self, branch: str) -> str | None:
        """The commit that the remote's ``branch`` is at, None if there is no such branch. Asks the remote."""
        async with reach(self._source) as remote:
            return await _head(remote, branch)

    async def push(self, sha: str, branch: str, *, onto: str = "") -> None:
        """Brings ``branch`` on the remote to ``sha``: makes it, or moves it on from ``onto``. Already there is fine.

        Raises GitFailed ("branch_taken") if it is anywhere else: what somebody else pushed is never overwritten.
        """
        async with reach(self._source) as remote:
            present = await _head(remote, branch)
            if present == sha:
                return
            if (present or "") != onto:
                raise self._taken(branch, present, onto)
            try:
                # The lease says where the branch must be: nobody's commit that appeared meanwhile is overwritten.
                await remote.run(
                    "push", "--quiet", "--no-verify", "--no-follow-tags", f"--force-with-lease=refs/heads/{branch}:{onto}",
                    "--", remote.where.url, f"{sha}:refs/heads/{branch}", git_dir=str(self._git_dir),
                )  # fmt: skip
            except GitFailed as error:
                if await _head(remote, branch) == sha:
                    return
                explained = explain(error, remote.where)
                raise GitFailed(explained.detail, stderr=error.stderr, code=explained.code, hint=explained.hint) from None

    def _taken(self, branch: str, present: str | None, onto: str) -> GitFailed:
        if not onto:
            return GitFailed(
                f"The branch {branch} already exists on {self._source.url} at {(present or '')[:12]}.",
                code="branch_taken",
                hint="Delete or rename that branch, then retry the run.",
            )
        where = f"is at {present[:12]} now" if present else "is gone"
        return GitFailed(
            f"The branch {branch} on {self._source.url} was at {onto[:12]} when the work began and {where}.",
            code="branch_moved",
            hint="Nothing was overwritten. Retry the run to begin from what is there now.",
        )

    # git itself

    async def _git(
        self, *args: str, stdin: bytes = b"", config: Mapping[str, str] | None = None, env: Mapping[str, str] | None = None,
        what: str = "",
    ) -> bytes:  # fmt: skip
        places = {"GIT_DIR": str(self._git_dir), "GIT_WORK_TREE": str(self.root)}
        return await git(*args, cwd=self.root, stdin=stdin, config=config, env={**places, **(env or {})}, what=what)

    async def _diff(self, *args: str) -> bytes:
        """Compares trees, seen from the bare repository: no .gitattributes of the workdir can change what a diff shows."""
        return await git(
            "diff-tree", "-r", *_DIFF, *args, cwd=self._git_dir, config=_DIFF_CONFIG, env={"GIT_DIR": str(self._git_dir)}
        )

    async def _switch(self, tree: str) -> None:
        """Index and workdir become ``tree``, to the last file."""
        await self._git("read-tree", "--reset", "-u", tree)
        await self._git("checkout-index", "-f", "-a", "-q")
        await self._git("clean", "-ffdxq")

    async def _drop_nested_repositories(self) -> None:
        """One made inside the workdir would be stored as a pointer to nowhere, and git would obey its configuration."""
        links = (await self._git("ls-files", "-s", "-z")).decode(errors="surrogateescape").split("\0")
        known = [entry.partition("\t")[2] for entry in links if entry.startswith("160000 ")]
        while True:
            others = await self._git("ls-files", "-o", "-z", "--exclude-standard")
            nested = [name for name in others.decode(errors="surrogateescape").split("\0") if name.endswith("/")]
            dropped = [_drop_git_entry(self.root, name) for name in [*known, *nested]]
            known = []
            if not any(dropped):
                return


def _drop_git_entry(root: Path, name: str) -> bool:
    """Removes `.git` of a directory inside ``root``; whether there was one."""
    parent = root / name
    if parent.is_symlink() or root.resolve() not in parent.resolve().parents:
        return False
    entry = parent / ".git"
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
        return True
    if entry.is_symlink() or entry.exists():
        entry.unlink()
        return True
    return False


def _clear(directory: Path) -> None:
    for name in ("git", "repo"):
        with suppress(FileNotFoundError):
            shutil.rmtree(directory / name)
    (directory / "repo").mkdir(parents=True)


async def _quiet(directory: Path, *args: str) -> bytes:
    return await git(*args, cwd=directory, env={"GIT_DIR": str(directory / "git")})


async def _base(remote: Remote, source: Source, sha: str) -> Base:
    """Asks the remote. ``sha``, when given, is the commit whatever the branch is at. Raises GitFailed for an unknown branch."""
    refs, head = await remote.refs("HEAD", f"refs/heads/{source.branch or '*'}")
    heads = {name.removeprefix("refs/heads/"): at for name, at in refs.items() if name != "HEAD"}
    if source.branch and source.branch not in heads and not sha:
        others = heads or (await remote.refs("HEAD"))[0]
        if others:
            raise GitFailed(
                f"{source.url} has no branch {source.branch}.", code="branch_not_found", hint="Push it, or name another."
            )
    branch = source.branch or head
    wanted = sha or heads.get(branch, "" if source.branch else refs.get("HEAD", ""))
    if wanted and not branch:  # a detached HEAD
        branch = next((name for name, at in heads.items() if at == wanted), "HEAD")
    return Base(wanted, branch if wanted or source.branch else "main")


async def _init(directory: Path, *, sha256: bool = False) -> None:
    kind = "sha256" if sha256 else "sha1"
    await git("init", "-q", "--bare", "--template=", f"--object-format={kind}", "--initial-branch=main", str(directory / "git"))
    info = directory / "git" / "info"
    info.mkdir(exist_ok=True)
    (info / "exclude").write_text("".join(f"{line}\n" for line in NEVER_COMMITTED))


async def _fetch(remote: Remote, git_dir: Path, base: Base) -> None:
    """The commit by its id; servers that refuse to give an id by itself are asked for the branch that should contain it."""
    options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--", remote.where.url)
    try:
        await remote.run("fetch", *options, f"{base.sha}:refs/mgx/base", git_dir=str(git_dir))
    except GitFailed as error:
        if base.branch == "HEAD" or error.code == "git_timeout":
            raise explain(error, remote.where) from None
        try:
            await remote.run("fetch", *options, f"+refs/heads/{base.branch}:refs/mgx/branch", git_dir=str(git_dir))
            await git("update-ref", "refs/mgx/base", f"{base.sha}^{{commit}}", env={"GIT_DIR": str(git_dir)})
        except GitFailed:
            raise explain(error, remote.where) from None


async def _head(remote: Remote, branch: str) -> str | None:
    refs, _ = await remote.refs(f"refs/heads/{branch}")
    return refs.get(f"refs/heads/{branch}")
