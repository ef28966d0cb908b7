"""A clone that belongs to one run.

Its git directory lies beside the workdir, not in it: what runs in the workdir (hostile code, at worst) can't reach the
configuration, hooks or objects that git works with here.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import GitCommandFailed
from . import fetching, signing
from .branch_clashes import HEADS, blocker, patterns
from .cloning import NEVER_COMMITTED, Clone, clone
from .merging import Merged, merge_trees
from .process import git
from .progress import Tell
from .refusals import branch_blocked, push_failure
from .remote import Remote, RemoteSource, reach
from .workdir_state import WorkdirState

__all__ = ["NEVER_COMMITTED", "Checkout", "GitCommandFailed", "RemoteSource"]

_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
_DIFF_CONFIG = {"diff.algorithm": "histogram", "diff.context": "3", "diff.interHunkContext": "0", "diff.orderFile": ""}


@dataclass(frozen=True)
class Difference:
    """For people. ``stat`` is ``{"files", "added", "removed", "text"}``: counts of files and lines, and git's own summary as
    text; ``patch`` names binary files only, and bytes that are not valid UTF-8 are replaced."""

    stat: dict[str, Any]
    patch: str


class Checkout:
    """``root`` is the workdir, ``base_sha`` the commit it began at ("" for an empty repository), ``base_branch`` its branch.
    ``heads_of_base`` are the branches of the remote that were seen then; none where it was not asked."""

    def __init__(self, source: RemoteSource, made: Clone) -> None:
        self.root = made.directory / "repo"
        self._git_dir = made.directory / "git"
        self._source = source
        self.base_sha = made.base.sha
        self.base_branch = made.base.branch
        self.heads_of_base = made.base.heads
        self._base_tree = made.tree
        self._loan = made.loan
        self.contents_of_base = made.contents
        self.is_shallow = made.is_shallow
        self._at = made.tree
        """The tree that the index is at, and the workdir as far as `_state` is known."""
        self._state: WorkdirState | None = None
        self._trees = {made.tree}
        """Those that were stored here, or restored from their patch."""

    @classmethod
    async def create(
        cls, directory: Path, source: RemoteSource, *, sha: str = "", empty: bool = False, tell: Tell | None = None
    ) -> Checkout:
        """A fresh clone in ``directory`` (what was there is removed) at the head of the source's branch.

        With ``sha``, at exactly that commit, also when the branch has moved; with ``empty``, at nothing, also when the remote
        has commits by now: this is how a run that is taken over gets the base it began with. What a long fetch says goes to
        ``tell``. `close` it after use. Raises GitCommandFailed and what `reach` raises.
        """
        checkout = cls(source, await clone(directory, source, sha=sha, empty=empty, tell=tell))
        await checkout._look()
        return checkout

    def close(self) -> None:
        """Lets go of the mirror that it borrows objects from: they may be removed afterwards."""
        if self._loan is not None:
            self._loan.close()

    def reach_by(self, source: RemoteSource) -> None:
        """From now on the remote is reached as ``source`` says: its credential may be another one by now."""
        self._source = source

    # the tree

    def has(self, tree: str) -> bool:
        """Whether `reset` can make the workdir that tree."""
        return tree in self._trees

    async def tree(self, written: Collection[str] | None = None) -> str:
        """The id of the workdir's tree as it is now; its objects are stored. What .gitignore names is left out.

        With ``written``, the tree that was stored or restored last, with exactly these paths as they are now: also those that
        .gitignore names, for whoever writes a file means it, and none that a program has left beside them.
        """
        if written is None:
            self._state = None
            await self._drop_nested_repositories()
            await self._git("add", "-A", "--", ".", what="storing the workdir")
        elif written:
            # sorted: a file goes before the files of a directory that has its name now
            paths = b"".join(f"{path}\0".encode(errors="surrogateescape") for path in sorted(set(written)))
            await self._git(
                "update-index", "--add", "--remove", "--replace", "-z", "--stdin", stdin=paths, what="storing the change"
            )
            if self._state is not None and not self._state.renew(written):
                self._state = None
        self._at = (await self._git("write-tree")).decode().strip()
        self._trees.add(self._at)
        return self._at

    async def patch_of(self, tree: str) -> bytes:
        """The binary patch from the base to ``tree``, with full object ids and the same bytes each time."""
        return await self._diff("-p", "--binary", "--full-index", self._base_tree, tree)

    async def restore(self, tree: str, patch: bytes) -> None:
        """Makes the workdir exactly base + ``patch``: what is ignored or untracked goes.

        Raises GitCommandFailed when that is not ``tree``.
        """
        index = {"GIT_INDEX_FILE": str(await self._index_of_base())}
        if patch:
            await self._git(
                "apply", "--cached", "--binary", "--whitespace=nowarn", "-", stdin=patch, env=index,
                what="applying the stored patch",
            )  # fmt: skip
        made = (await self._git("write-tree", env=index)).decode().strip()
        if made != tree:
            raise GitCommandFailed(
                f"The stored patch produces the tree {made} instead of {tree}: the artifact is damaged.", code="tree_mismatch"
            )
        self._trees.add(tree)
        await self._switch(tree)

    async def reset(self, tree: str = "") -> None:
        """Makes the workdir exactly ``tree``, one that was stored here, or the base: ignored and untracked files go too."""
        tree = tree or self._base_tree
        if tree != self._at or not await self._undo_additions():
            await self._switch(tree)

    async def before_program(self) -> None:
        """To be awaited before anything runs in the workdir whose traces `reset` is to find."""
        if self._state is not None:
            await self._state.settled()

    async def difference(self, tree_or_commit: str, *, against: str = "") -> Difference:
        """From ``against`` (the base where it is empty) to ``tree_or_commit``."""
        out = await self._diff("--numstat", "-z", "--stat=100", "-p", against or self._base_tree, tree_or_commit)
        # "added<TAB>removed<TAB>path<NUL>" for each file, the summary, which begins with a space, and after a NUL the patch
        rows = []
        while out and not out.startswith(b" "):
            row, _, out = out.partition(b"\0")
            rows.append(row.split(b"\t"))
        text, _, patch = out.partition(b"\0")
        counts = {
            "files": len(rows),
            "added": sum(int(row[0]) for row in rows if row[0].isdigit()),
            "removed": sum(int(row[1]) for row in rows if row[1].isdigit()),
        }
        return Difference({**counts, "text": text.decode(errors="replace")}, patch.decode(errors="replace"))

    async def diff(self, tree_or_commit: str, *, against: str = "") -> str:
        return (await self.difference(tree_or_commit, against=against)).patch

    async def stat(self, tree_or_commit: str, *, against: str = "") -> dict[str, Any]:
        return (await self.difference(tree_or_commit, against=against)).stat

    async def contents(self, tree: str, *, against: str = "") -> dict[str, tuple[bytes | None, bytes | None]]:
        """The bytes in ``against`` (the base where it is empty) and in ``tree`` of each file that differs, by path; None is a
        file that is not there."""
        fields = (await self._diff("--raw", "-z", "--no-abbrev", against or self._base_tree, tree)).split(b"\0")
        entries = [
            (head.split()[2:4], path.decode(errors="surrogateescape"))
            for head, path in zip(fields[::2], fields[1::2], strict=False)
        ]
        ids = list(dict.fromkeys(blob for (old, new), _ in entries for blob in (old, new) if blob.strip(b"0")))
        found = await self._blobs(ids)
        return {path: (found.get(old), found.get(new)) for (old, new), path in entries}

    async def modes(self, tree: str) -> dict[str, tuple[str, str]]:
        """Git's modes in the base and in ``tree`` of the files where they differ and that are in both, by path."""
        fields = (await self._diff("--raw", "-z", "--no-abbrev", self._base_tree, tree)).split(b"\0")
        entries = zip(fields[::2], fields[1::2], strict=False)
        found = {path.decode(errors="surrogateescape"): head.decode().lstrip(":").split()[:2] for head, path in entries}
        return {path: (old, new) for path, (old, new) in found.items() if old != new and "000000" not in (old, new)}

    async def _blobs(self, ids: list[bytes]) -> dict[bytes, bytes]:
        """Those of the objects that are blobs. A submodule's commit is not among them."""
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

    async def commit(
        self, tree: str, *, message: str, author: tuple[str, str], date: datetime, parent: str = "", key: str = "",
        signature: str = "",
    ) -> str:  # fmt: skip
        """A commit of ``tree`` on ``parent``, the base where it is empty. The same arguments give the same id; ``date`` must be
        aware. It is signed with the ``key``, or carries a ``signature`` that it got before. Raises what `signing` raises."""
        when = f"@{int(date.timestamp())} +0000"
        name, email = author
        people = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in zip(
            ("NAME", "EMAIL", "DATE"), (name, email, when), strict=True)}  # fmt: skip
        on = parent or self.base_sha
        text = message.rstrip("\n") + "\n"  # as git itself writes it; some services store no other
        out = await self._git("commit-tree", tree, *(("-p", on) if on else ()), "-F", "-", stdin=text.encode(), env=people)
        plain = out.decode().strip()
        if not key and not signature:
            return plain
        words = await self._git("cat-file", "commit", plain)
        signed = signing.with_signature(words, signature or signing.signature(key, words), sha256=len(plain) == 64)
        return (await self._git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed)).decode().strip()

    async def signature(self, sha: str) -> str:
        """The signature of a commit, "" if it has none."""
        return signing.signature_in(await self._git("cat-file", "commit", sha))

    async def merge(self, tree: str, onto: str) -> Merged:
        """``tree`` with what has changed from the base to the commit ``onto``, one that was fetched."""
        return await merge_trees(self._git, self._base_tree, tree, f"{onto}^{{tree}}")

    # the remote

    async def remote_heads(self, *branches: str, wanted: Collection[str] = ()) -> dict[str, str]:
        """The commits that those of the remote's ``branches`` are at that there are, and of those that stand in the way of
        branches with ``wanted`` names. Asks the remote."""
        async with reach(self._source) as remote:
            return await _heads(remote, branches, wanted)

    async def fetch(self, sha: str, branch: str) -> None:
        """Brings a commit here that is not here yet, as `fetching.fetch` does. Raises what that and `reach` raise."""
        if await fetching.has_commit(self._git_dir, sha):
            return
        async with reach(self._source) as remote:
            await fetching.fetch(remote, self._git_dir, fetching.Wanted(sha, branch))

    async def newest_with(self, line: str, head: str) -> str:
        """The newest commit from the base to ``head``, which is here, whose message has this ``line``; "" if there is none."""
        said = await self._git("log", "-z", "--format=%H%n%B", f"{self.base_sha}..{head}" if self.base_sha else head, "--")
        for entry in said.decode(errors="replace").split("\0"):
            sha, _, message = entry.strip().partition("\n")
            if line in message.splitlines():
                return sha
        return ""

    async def tree_of(self, sha: str) -> str:
        return (await self._git("rev-parse", f"{sha}^{{tree}}")).decode().strip()

    async def push(self, sha: str, branch: str, *, onto: str = "") -> None:
        """Brings ``branch`` on the remote to ``sha``: makes it, or moves it on from ``onto``. Already there is fine.

        Raises GitCommandFailed: "branch_taken" if it is to be made and somebody else's is there, or another one beside which it
        can't be; "branch_moved" if it is anywhere else. What somebody else pushed is never overwritten.
        """
        async with reach(self._source) as remote:
            try:
                # The lease says where the branch must be: nobody's commit is overwritten.
                await remote.run(
                    "push", "--quiet", "--no-verify", "--no-follow-tags", f"--force-with-lease=refs/heads/{branch}:{onto}",
                    "--", remote.where.url, f"{sha}:refs/heads/{branch}", git_dir=str(self._git_dir),
                )  # fmt: skip
            except GitCommandFailed as error:
                heads = await _heads(remote, (branch,), () if onto else (branch,))
                present = heads.get(branch)
                if present == sha:
                    return
                if (present or "") != onto:
                    raise self._taken(branch, present, onto) from None
                if not onto and (other := blocker(branch, heads)):
                    raise branch_blocked(branch, other, self._source.url) from None
                raise push_failure(error, remote.where, branch) from None

    def _taken(self, branch: str, present: str | None, onto: str) -> GitCommandFailed:
        if not onto:
            return GitCommandFailed(
                f"The branch {branch} already exists on {self._source.url} at {(present or '')[:12]}.",
                code="branch_taken",
                hint="Delete or rename the branch, then retry the run.",
            )
        where = f"is now at {present[:12]}" if present else "was deleted"
        return GitCommandFailed(
            f"The branch {branch} on {self._source.url} was at {onto[:12]} when the run started and {where}.",
            code="branch_moved",
            hint="Nothing was overwritten. Retry the run to start from the current commit.",
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

    async def _index_of_base(self) -> Path:
        """A copy of the index at the base, for a tree to be made in beside what the workdir is at."""
        kept, index = self._git_dir / "index-of-base", self._git_dir / "index-of-patch"
        if not kept.exists():
            if self._at == self._base_tree and (self._git_dir / "index").exists():
                await asyncio.to_thread(shutil.copyfile, self._git_dir / "index", kept)
            else:
                await self._git("read-tree", self._base_tree, env={"GIT_INDEX_FILE": str(kept)})
        await asyncio.to_thread(shutil.copyfile, kept, index)
        return index

    async def _switch(self, tree: str) -> None:
        """Sets index and workdir to exactly ``tree``: read-tree also writes what differs from the previous index."""
        clean = await self._undo_additions()
        self._state = None
        await self._git("read-tree", "--reset", "-u", tree)
        self._at = tree
        if not clean:
            await self._git("clean", "-ffdxq")
        await self._look()

    async def _undo_additions(self) -> bool:
        """Whether the workdir is exactly what the index is at, once what was added to it is removed."""
        return self._state is not None and await asyncio.to_thread(self._state.undo_additions)

    async def _look(self) -> None:
        self._state = await asyncio.to_thread(WorkdirState.of, self.root)

    async def _drop_nested_repositories(self) -> None:
        """One made inside the workdir would be stored as a pointer to nowhere, and git would apply its configuration."""
        while True:
            # "H 160000 <id> 0\t<path>" is what the index has, "? <path>" what it has not
            listed = await self._git("ls-files", "-t", "-s", "-o", "-z", "--exclude-standard")
            entries = listed.decode(errors="surrogateescape").split("\0")
            links = [entry.partition("\t")[2] for entry in entries if entry.startswith("H 160000 ")]
            nested = [entry[2:] for entry in entries if entry.startswith("? ") and entry.endswith("/")]
            dropped = [_drop_git_entry(self.root, name) for name in [*links, *nested]]
            if not any(dropped):
                return


def _drop_git_entry(root: Path, name: str) -> bool:
    """Removes `.git` of a directory inside ``root``; whether there was one."""
    parent = root / name
    try:
        inside = root.resolve() in parent.resolve().parents
    except (ValueError, RuntimeError):  # a link that leads in circles
        inside = False
    if parent.is_symlink() or not inside:
        return False
    entry = parent / ".git"
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
        return True
    if entry.is_symlink() or entry.exists():
        entry.unlink()
        return True
    return False


async def _heads(remote: Remote, branches: Sequence[str], wanted: Collection[str]) -> dict[str, str]:
    refs, _ = await remote.refs(*(f"{HEADS}{branch}" for branch in branches), *patterns(wanted))
    found = {name.removeprefix(HEADS): sha for name, sha in refs.items() if name.startswith(HEADS)}
    return found if wanted else {branch: found[branch] for branch in branches if branch in found}
