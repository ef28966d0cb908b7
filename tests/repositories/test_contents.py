"""What a checkout is without, and who is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from repositories.git import progress
from repositories.git.checkout import Checkout, RemoteSource
from repositories.git.progress import understood
from repositories.git.submodules_lfs import Contents

from .conftest import Git

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n"


async def test_lfs_files_and_submodules_are_found(tmp_path: Path, origin: Path, root: Path, sh: Git) -> None:
    sh("clone", "-q", str(origin), str(root / "inner"), cwd=root)
    sh("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(root / "inner"), "libs/sub", cwd=origin)
    (origin / ".gitattributes").write_text("*.psd filter=lfs diff=lfs merge=lfs -text\n")
    (origin / "design.psd").write_text(POINTER.format("a" * 64))
    (origin / "about.md").write_text(f"A pointer looks so:\n{POINTER.format('b' * 64)}")
    (origin / "to-a-pointer").symlink_to("design.psd")
    (origin / "line\nbreak.psd").write_text(POINTER.format("c" * 64))
    sh("-c", "filter.lfs.clean=cat", "add", "-A", cwd=origin)
    sh("commit", "-q", "-m", "parts", cwd=origin)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    found = checkout.contents_of_base
    assert found.submodules == ("libs/sub",)
    assert found.pointers == ("design.psd", "line\ufffdbreak.psd")
    assert "Submodules are not checked out (libs/sub)" in found.warning()
    assert "Git LFS files are not downloaded (design.psd, line" in found.warning()


async def test_one_that_is_all_there_is_no_warning(tmp_path: Path, origin: Path) -> None:
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    assert (checkout.contents_of_base.warning(), checkout.contents_of_base.pointers) == ("", ())


def test_many_are_counted() -> None:
    warning = Contents(submodules=tuple(f"m{number}" for number in range(9))).warning()
    assert "(m0, m1, m2, m3, m4 and 4 more)" in warning


def test_what_git_says_of_a_transfer() -> None:
    assert understood("") == ("waiting for the remote", 0)
    said = "remote: Counting objects: 100% (9/9), done.\rReceiving objects:  45% (123/270), 1.20 MiB | 1.10 MiB/s\r"
    assert understood(said) == ("receiving objects 45 %, 1.20 MiB", 45)
    assert understood("remote: <b>Pay now</b>\nResolving deltas:   7% (1/14)") == ("resolving deltas 7 %", 7)


async def test_a_long_fetch_is_told_of_and_a_quick_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int]] = []

    async def tell(words: str, percent: int) -> None:
        told.append((words, percent))

    async with progress.watched(tell) as heard:
        assert heard is not None
        heard(b"Receiving objects:  10% (1/10)\r")
    assert told == []
    monkeypatch.setattr(progress, "SECONDS", 0.02)
    async with progress.watched(tell) as heard:
        assert heard is not None
        for percent in (10, 50):
            for _ in range(50):
                heard(f"Receiving objects:  {percent}% (1/10)\r".encode())
            await asyncio.sleep(0.2)
    assert told == [("receiving objects 10 %", 10), ("receiving objects 50 %", 50)]


async def test_who_is_told_can_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(words: str, percent: int) -> None:
        raise LookupError("the run is another's now")

    monkeypatch.setattr(progress, "SECONDS", 0.01)
    with pytest.raises(LookupError):
        async with progress.watched(tell):
            await asyncio.sleep(0.1)
