"""The text of one file of a workdir, or why it is not shown. No secrets, no links."""

from __future__ import annotations

from pathlib import Path

from agent.context.missing_content import is_pointer
from agent.context.paths import is_regular, is_secret

MAX_BYTES = 2_000_000
"""A longer file is data: only its size is told."""


def read_text(root: Path, name: str) -> str | None:
    """The text of a regular file inside ``root``; None where it can't be shown."""
    if not is_regular(root, name):
        return None
    text, reason = read(root / name, name)
    return None if reason or text is None else text


def read(path: Path, name: str) -> tuple[str | None, str]:
    """Text of a file and "", or None and why it is not shown; None and "" is a file that is merely too long."""
    if is_secret(name):
        return None, "it may hold secrets"
    if path.stat().st_size > MAX_BYTES:
        with path.open("rb") as file:
            return None, "it is binary" if b"\0" in file.read(8_000) else ""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None, "it is not UTF-8 text"
    if "\0" in text:
        return None, "it is binary"
    if is_pointer(text):
        return None, "Git LFS keeps its content elsewhere"
    return text, ""
