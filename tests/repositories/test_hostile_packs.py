"""A git server that a tenant names may send anything: what is small on the way must not fill a worker's memory."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from repositories.errors import GitCommandFailed
from repositories.git import process
from repositories.git.checkout import Checkout, RemoteSource
from repositories.validation import probe_remote
from tests.support.git_server import TOKEN, GitServer

from .conftest import Git

pytestmark = pytest.mark.slow

COPIED = 0xFFFF00
"""Bytes: about the most that one instruction of a delta copies, in seven bytes of its own."""


def header(kind: int, size: int) -> bytes:
    found, rest, size = bytearray(), (kind << 4) | (size & 15), size >> 4
    while size:
        found.append(rest | 0x80)
        rest, size = size & 0x7F, size >> 7
    return bytes([*found, rest])


def number(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def name(kind: str, size: int, *parts: bytes) -> bytes:
    made = hashlib.sha1(f"{kind} {size}\0".encode(), usedforsecurity=False)
    for part in parts:
        made.update(part)
    return made.digest()


def bomb(copies: int) -> tuple[str, bytes]:
    """A commit and its pack (gitformat-pack): a file that is ``copies`` times another one, told as a delta."""
    base, size = b"\0" * COPIED, copies * COPIED
    delta = number(COPIED) + number(size) + b"\xf0\x00\xff\xff" * copies
    tree = b"100644 big\0" + name("blob", size, *[base] * copies)
    people = "".join(f"{who} A <a@example.com> 0 +0000\n" for who in ("author", "committer"))
    commit = f"tree {name('tree', len(tree), tree).hex()}\n{people}\nm\n".encode()
    pack = b"PACK" + struct.pack(">II", 2, 4)
    for kind, data in ((1, commit), (2, tree), (3, base)):
        pack += header(kind, len(data)) + zlib.compress(data)
    pack += header(7, len(delta)) + name("blob", COPIED, base) + zlib.compress(delta)
    whole = pack + hashlib.sha1(pack, usedforsecurity=False).digest()
    return name("commit", len(commit), commit).hex(), whole


def take_in(served: Path, pack: bytes) -> None:
    subprocess.run(["git", "index-pack", "--stdin"], cwd=served, input=pack, check=True, capture_output=True)


async def test_a_pack_that_unfolds_is_refused(
    tmp_path: Path, server: GitServer, sh: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, pack = bomb(20)
    served = server.root / "empty.git"
    take_in(served, pack)
    sh("update-ref", "refs/heads/main", commit, cwd=served)
    monkeypatch.setattr(process, "LARGEST_OBJECT", 200_000_000)
    for number_of_try, mirror in enumerate((None, tmp_path / "mirrors" / "w" / "l")):
        source = RemoteSource(f"{server.url}/empty.git", credential=TOKEN, mirror=mirror)
        with pytest.raises(GitCommandFailed) as raised:
            await Checkout.create(tmp_path / f"run-{number_of_try}", source)
        assert raised.value.code == "repository_too_large"


async def test_a_default_branch_that_does_not_fit_is_refused(server: GitServer, sh: Git) -> None:
    code = server.root / "code.git"
    branch = "/".join(["b" * 100] * 3)
    sh("branch", branch, "main", cwd=code)
    sh("symbolic-ref", "HEAD", f"refs/heads/{branch}", cwd=code)
    with pytest.raises(GitCommandFailed) as raised:
        await asyncio.to_thread(probe_remote, RemoteSource(f"{server.url}/code.git", credential=TOKEN))
    assert raised.value.code == "bad_branch"
