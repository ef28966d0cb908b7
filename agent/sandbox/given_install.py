"""Runs the install command that a person gave, without a network, and keeps what it made.

It runs code of the repository, so it runs as tests do: in the sandbox, offline, after our own install step, in a copy of the
tree at the place where commands see the tree. New files and folders are kept beside other installed things and shown at their
places when commands run; what it changed in files that were there is not, so that nothing of it enters a change.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import posixpath
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from agent.patterns import linear
from agent.ports import CommandResult
from agent.projects.shown import shown
from agent.sandbox.installed import Installed, Mount
from agent.sandbox.python.kept import digest, kept
from agent.sandbox.python.products import LEFT_OUT, copy_tree
from agent.sandbox.toolchains.places import BuildDirectory

FACTS = "facts.json"
MAX_FILES = 200
"""New files in folders that were there; each is a mount of its own."""
MAX_FOLDERS = 50
MAX_BYTES = 512 << 20
MAX_NAMED = 3
MAX_TAIL = 4_000
_NETWORK = linear(
    r"(?i)could not resolve host|temporary failure in name resolution|name or service not known|network is unreachable"
    r"|getaddrinfo|ENOTFOUND|EAI_AGAIN|ENETUNREACH|failed to resolve|dns error|no address associated with hostname"
    r"|could not connect to server|unable to access 'https?:"
)
Run = Callable[[Path, Sequence[str]], Awaitable[CommandResult]]
"""Runs a command in another root than the workdir's, in the environment that is there."""


@dataclass
class _Products:
    """``folders`` and ``files`` are new, ``changed`` were there before; paths from the repository's root."""

    folders: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    too_many: bool = False


async def install(root: Path, cache: Path, line: str, place: str, about: str, run: Run) -> Installed:
    """Runs ``line`` in a copy of ``root``, or takes what the same line made of the same tree before. ``place`` is the directory
    of the part, ``about`` names the environment that it runs in. The result says how it went and never fails: what is
    installed already stays usable, and a note says what is not there."""
    result = CommandResult(("sh", "-c", line), 0, 0, "The products of the install command are kept from before.\n")
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mgx-given-", ignore_cleanup_errors=True) as temporary:
        copy = Path(temporary, "tree")
        if not await asyncio.to_thread(copy_tree, root, copy):
            return _told(line, "was not run, as the repository is too large for a copy of it")
        key = digest("given", line, place, about, await asyncio.to_thread(_digest, copy))

        async def make(draft: Path) -> bool:
            nonlocal result
            result = await run(copy, ("sh", "-c", line))
            if result.ok:
                made = await asyncio.to_thread(_keep, root, copy, draft / "products")
                (draft / FACTS).write_text(json.dumps(asdict(made)), encoding="utf-8")
            return result.ok

        hold, _ = await kept(cache / "given" / key, FACTS, make)
    if not result.ok:
        return _told(line, _why(result), result)
    source = cache / "given" / key
    made = _Products(**json.loads((source / FACTS).read_text(encoding="utf-8")))
    if made.changed:
        named = ", ".join(made.changed[:MAX_NAMED]) + (" …" if len(made.changed) > MAX_NAMED else "")
        notes.append(f"{_name(line)} changed {named}, which is not kept: only new files are.")
    if made.too_many:
        notes.append(f"{_name(line)} made more than is kept ({MAX_BYTES >> 20} MiB, {MAX_FILES} files beside others).")
    # programs may write where they have built: each sandbox has a copy of its own
    own = BuildDirectory(cache)
    await asyncio.to_thread(shutil.copytree, source / "products", own.path, symlinks=True, dirs_exist_ok=True)
    mounts = [Mount(own.path / folder, folder, writable=True, only_if_absent=True) for folder in made.folders]
    output = f"$ {line}\n{result.output_tail[-MAX_TAIL:]}"
    files = {path: own.path / path for path in made.files}
    result = CommandResult(result.argv, 0, result.duration_ms, output, notes=tuple(notes))
    return Installed(result, mounts, holds=[hold, own], files=files)


def _told(line: str, why: str, result: CommandResult | None = None) -> Installed:
    note = f"{_name(line)} {why}"
    note = f"{note.rstrip('.')}."
    output = f"$ {line}\n{result.output_tail[-MAX_TAIL:] if result else ''}{note}\n"
    return Installed(CommandResult(("sh", "-c", line), 0, result.duration_ms if result else 0, output, notes=(note,)))


def _name(line: str) -> str:
    return f"The install command `{shown(line, 120).replace('`', chr(39))}`"


def _why(result: CommandResult) -> str:
    if result.timed_out:
        return "did not end in time, and nothing of it is kept"
    last = next((text.strip() for text in reversed(result.output_tail.splitlines()) if text.strip()), "")
    said = f": {shown(last)}" if last else ""
    if _NETWORK.search(result.output_tail) is not None:
        return (
            f"needs the network, which code of the repository does not get{said.rstrip('.')}. Name the packages that it "
            "fetches in a manifest or lock file, which the install step reads, or commit what it downloads"
        )
    return f"ended with exit code {result.exit_code}, and nothing of it is kept{said}"


def _digest(tree: Path) -> str:
    found = hashlib.sha256()
    for path in _files(tree):
        found.update(path.encode("utf-8", "surrogateescape") + b"\0")
        place = tree / path
        if place.is_symlink():
            found.update(os.fsencode(os.readlink(place)))
        elif place.is_file():
            with place.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _files(tree: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(tree):
        folders.sort()
        inside = os.path.relpath(folder, tree)
        for name in sorted(names):
            yield posixpath.join("" if inside == "." else inside, name)


def _keep(root: Path, copy: Path, products: Path) -> _Products:
    """Copies what is new in ``copy`` to ``products``; links stay links, which mean what commands see."""
    made, left = _Products(), MAX_BYTES
    products.mkdir()
    for folder, folders, names in os.walk(copy):
        inside = os.path.relpath(folder, copy)
        inside = "" if inside == "." else inside
        for name in sorted(folders):
            path = posixpath.join(inside, name)
            if name in LEFT_OUT or os.path.islink(copy / path):
                folders.remove(name)
            elif not os.path.lexists(root / path):
                folders.remove(name)
                left -= sum((copy / path / below).lstat().st_size for below in _files(copy / path))
                if left < 0 or len(made.folders) >= MAX_FOLDERS:
                    made.too_many = True
                    continue
                (products / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copytree(copy / path, products / path, symlinks=True)
                made.folders.append(path)
        for name in sorted(names):
            path = posixpath.join(inside, name)
            now = (copy / path).lstat()
            if os.path.lexists(root / path):
                before = (root / path).lstat()
                if (before.st_size, before.st_mtime_ns) != (now.st_size, now.st_mtime_ns) and not os.path.islink(copy / path):
                    made.changed.append(path)
                continue
            if os.path.islink(copy / path) or not (copy / path).is_file():
                continue
            left -= now.st_size
            if left < 0 or len(made.files) >= MAX_FILES:
                made.too_many = True
                continue
            (products / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy / path, products / path)
            made.files.append(path)
    return made
