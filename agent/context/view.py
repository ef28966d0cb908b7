"""What the team sees of the workdir without asking: a bounded list of files, a bounded part of their text, and what is known of
the repository as a whole. No secrets, no links."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.context.listing import list_files
from agent.context.paths import is_regular, is_secret
from agent.ports import JSON

MAX_LISTED = 2_000
MAX_FILE_CHARACTERS = 24_000
MAX_CHARACTERS = 90_000

GUIDES = ("AGENTS.md", "README.md", "CONTRIBUTING.md")
MANIFESTS = (
    "pyproject.toml", "requirements.txt", "package.json", "tsconfig.json", "composer.json", "Dockerfile",
    "docker-compose.yml",
)  # fmt: skip


@dataclass(frozen=True)
class View:
    """What was read: ``files`` are the listed paths, ``texts`` path → text, ``hidden`` path → why its text is not shown.

    ``map`` is the repository map, ``tests`` says where and how it is tested, ``history`` what happened last; "" is nothing.
    """

    files: Sequence[str] = ()
    texts: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    map: str = ""
    tests: str = ""
    history: str = ""

    def to_json(self) -> JSON:
        digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in self.texts.items()}
        known = {"map": self.map, "tests": self.tests, "history": self.history}
        return {"files": list(self.files), "texts": self.texts, "hidden": self.hidden, "sha256": digests, **known}

    @classmethod
    def from_json(cls, data: JSON) -> View:
        known = {name: data.get(name, "") for name in ("map", "tests", "history")}
        return cls(files=tuple(data["files"]), texts=data["texts"], hidden=data["hidden"], **known)


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
        text, reason = read(root / path, path)
        if reason or len(text) > left:
            hidden[path] = reason or "the context is full"
            continue
        texts[path] = text
        left -= len(text)
    return View(files[:MAX_LISTED], texts, hidden)


def read_text(root: Path, name: str) -> str | None:
    """The text of a regular file inside ``root``; None where it can't be shown."""
    if not is_regular(root, name):
        return None
    text, reason = read(root / name, name)
    return None if reason else text


def read(path: Path, name: str) -> tuple[str, str]:
    """Text of a file and "", or "" and why it is not shown."""
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
