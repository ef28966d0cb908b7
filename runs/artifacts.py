"""The artifact store: bytes by Django's storage (local files, or S3 when configured), facts in the database."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Collection

from agent.errors import Paused
from mgx_project.common import store as bytes_store
from mgx_project.common.errors import NotFound
from repositories.git.checkout import Checkout
from workspaces.limits import LimitReached, limit_of, refuse_beyond
from workspaces.models import StoredBytes

from .commits import until_committed
from .models import Artifact, TaskRun

_REPLACED = ["workspace", "kind", "content_type", "size", "sha256", "path"]


def store(run: TaskRun, name: str, content: bytes, *, kind: str, content_type: str) -> Artifact:
    """Stores ``content`` under ``name``, replacing an artifact of that name. The bytes are durable before the row is.

    The id of a row that was there is not told: what is returned names the bytes and must not be saved.
    Raises Paused if the workspace would exceed its limit of stored bytes; then nothing is stored. Raises StoreAway.
    """
    path = f"{run.workspace_id}/runs/{run.pk}/{digest_of(content)}/{name}"
    saved = not _is_there(path, content)
    if saved:
        path = bytes_store.write(path, content)

    def write() -> Artifact:
        made = Artifact(
            run=run,
            name=name,
            workspace_id=run.workspace_id,
            kind=kind,
            content_type=content_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            path=path,
        )
        # one statement; the row that is there keeps its id
        (artifact,) = Artifact.across_tenants.bulk_create(
            [made], update_conflicts=True, unique_fields=["run", "name"], update_fields=_REPLACED
        )
        _require_space(run.workspace_id)
        return artifact

    try:
        return until_committed(write)
    except Paused:
        if saved:
            bytes_store.delete(path)
        raise


def _is_there(path: str, content: bytes) -> bool:
    """Whether an earlier try has stored these bytes. What is there but not whole (a disk was full, a store changed it)
    is written again."""
    try:
        return bytes_store.read(path, len(content) + 1) == content
    except FileNotFoundError:
        return False


def digest_of(content: bytes) -> str:
    """The part of the digest of ``content`` that its path contains."""
    return hashlib.sha256(content).hexdigest()[:16]


def _require_space(workspace_id: uuid.UUID) -> None:
    """Checks the limit after the row is written: the total then includes it, and its row lock makes others wait."""
    stored = StoredBytes.objects.for_workspace(workspace_id).values_list("size", "workspace__limits").first()
    if stored is None:
        return
    try:
        refuse_beyond(limit_of(stored[1], "storage_bytes"), "storage_bytes", stored[0])
    except LimitReached as full:
        hint = f"Delete runs that are no longer needed, which also deletes their files. {full.hint} Then resume the run."
        raise Paused("budget", full.detail, hint=hint) from None


def load(artifact: Artifact, *, briefly: bool = False) -> bytes:
    """The verified bytes. Raises NotFound if the store lost or changed them, and StoreAway; ``briefly``: within about a second
    where it hangs."""
    try:
        content = bytes_store.read(artifact.path, alias=bytes_store.BRIEF if briefly else bytes_store.DEFAULT)
    except FileNotFoundError:
        raise NotFound(f"The artifact store no longer has {artifact.name}.", code="artifact_lost") from None
    if hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise NotFound(f"The stored bytes of {artifact.name} differ from those that were written.", code="artifact_damaged")
    return content


class ArtifactTrees:
    """The journal's trees: each as a binary diff from the run's base commit, so that any worker can rebuild the workdir.
    ``current`` is the one that the workdir is at, the base's where it is empty."""

    def __init__(self, run: TaskRun, checkout: Checkout, db: Callable[..., Awaitable[object]], current: str = "") -> None:
        self._run, self._checkout, self._db = run, checkout, db
        self._current = current
        self._stored: set[str] = set()

    async def keep(self, written: Collection[str] | None = None) -> str:
        if written is not None and not written and self._current in self._stored:
            return self._current  # a command that changed nothing
        tree = await self._checkout.tree(written)
        patch = await self._checkout.patch_of(tree)
        await self._db(lambda: store(self._run, f"{tree}.patch", patch, kind=Artifact.Kind.TREE, content_type="text/x-diff"))
        self._current = tree
        self._stored.add(tree)
        return tree

    async def before_program(self) -> None:
        await self._checkout.before_program()

    async def reset(self) -> None:
        await self._checkout.reset(self._current)

    async def restore(self, tree: str) -> None:
        if self._checkout.has(tree):
            await self._checkout.reset(tree)
        else:
            patch = await self._db(self._load, tree)
            assert isinstance(patch, bytes)
            await self._checkout.restore(tree, patch)
        self._current = tree
        self._stored.add(tree)

    def _load(self, tree: str) -> bytes:
        return load(Artifact.objects.for_workspace(self._run.workspace_id).get(run=self._run, name=f"{tree}.patch"))
