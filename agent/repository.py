"""What the team may see of the workdir: a bounded list of files, a bounded part of their text. No secrets, no links."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from agent.ports import JSON

MAX_LISTED = 2_000
MAX_FILE_CHARACTERS = 24_000
MAX_CHARACTERS = 90_000
LISTING_TIMEOUT = 30.0

GUIDES = ("AGENTS.md", "README.md", "CONTRIBUTING.md")
MANIFESTS = (
    "pyproject.toml", "requirements.txt", "package.json", "tsconfig.json", "composer.json", "Dockerfile",
    "docker-compose.yml",
)  # fmt: skip
SKIPPED = frozenset(
    (".git", ".hg", ".mgx", ".venv", "venv", "node_modules", "vendor", "__pycache__", ".pytest_cache", ".ruff_cache",
     ".mypy_cache", "dist", "build", "target", "bin", "obj", ".next")
)  # fmt: skip
SECRET = (".env", ".env.*", "*.pem", "*.key", "*.p12", "id_rsa*", "id_ed25519*", ".npmrc", ".pypirc", ".netrc", "*.keystore")
SAMPLES = (".env.example", ".env.sample", ".env.template")
NOT_CODE = (
    "README*", "LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "CHANGELOG*", "CONTRIBUTING*", "SECURITY*", "CODE_OF_CONDUCT*",
    "AGENTS.md", "AUTHORS*", ".gitignore", ".gitattributes", ".gitkeep", ".editorconfig", "mgx.yaml", "CODEOWNERS",
)  # fmt: skip


def own_files(files: Iterable[str]) -> list[str]:
    """Those of ``files`` that make a repository more than an empty one with a README and a licence."""
    return [path for path in files if path and not any(PurePosixPath(path).match(pattern) for pattern in NOT_CODE)]


def is_secret(path: str) -> bool:
    name = PurePosixPath(path)
    return any(name.match(pattern) for pattern in SECRET) and not any(name.match(sample) for sample in SAMPLES)


@dataclass(frozen=True)
class View:
    """What was read: ``files`` are the listed paths, ``texts`` path → text, ``hidden`` path → why its text is not shown."""

    files: Sequence[str] = ()
    texts: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> JSON:
        digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in self.texts.items()}
        return {"files": list(self.files), "texts": self.texts, "hidden": self.hidden, "sha256": digests}

    @classmethod
    def from_json(cls, data: JSON) -> View:
        return cls(files=tuple(data["files"]), texts=data["texts"], hidden=data["hidden"])


async def look(root: Path, wanted: Sequence[str] = ()) -> View:
    """Lists the workdir and reads the guides, the manifests and ``wanted`` (paths that need not exist), in that order."""
    files = await list_files(root)
    present = set(files)
    texts: dict[str, str] = {}
    hidden: dict[str, str] = {}
    left = MAX_CHARACTERS
    for path in dict.fromkeys((*GUIDES, *wanted, *MANIFESTS)):
        if path not in present:
            continue
        text, reason = _read(root / path, path)
        if reason or len(text) > left:
            hidden[path] = reason or "the context is full"
            continue
        texts[path] = text
        left -= len(text)
    return View(files[:MAX_LISTED], texts, hidden)


async def list_files(root: Path) -> list[str]:
    """Regular files under ``root`` in git's order: tracked and untracked, not ignored; all of them where there is no git.

    A name with control characters is left out: it could pass for a line of the prompt.
    """
    names = await _git_files(root) if (root / ".git").exists() else None
    if names is None:
        names = sorted(_walk(root))
    return [name for name in names if name.isprintable() and not name.startswith(".mgx/") and _is_regular(root, name)]


async def _git_files(root: Path) -> list[str] | None:
    # a repository's own configuration may name a program as fsmonitor; listing files must not run it
    git = ("git", "-c", "core.fsmonitor=false", "-C", str(root))
    argv = (*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*argv, stdin=quiet, stdout=asyncio.subprocess.PIPE, stderr=quiet)
    try:
        async with asyncio.timeout(LISTING_TIMEOUT):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        return None
    return sorted(name for name in output.decode("utf-8", "replace").split("\0") if name)


def read_text(root: Path, name: str) -> str | None:
    """The text of a regular file inside ``root``; None where it can't be shown."""
    if not _is_regular(root, name):
        return None
    text, reason = _read(root / name, name)
    return None if reason else text


def _walk(root: Path) -> Iterable[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()


def _is_regular(root: Path, name: str) -> bool:
    path = root / name
    return path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(root.resolve())


def _read(path: Path, name: str) -> tuple[str, str]:
    if is_secret(name):
        return "", "it may hold secrets"
    if path.stat().st_size > MAX_FILE_CHARACTERS * 4:
        return "", "it is too large"
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "", "it is not UTF-8 text"
    if "\0" in text:
        return "", "it is binary"
    return (text, "") if len(text) <= MAX_FILE_CHARACTERS else ("", "it is too large")
