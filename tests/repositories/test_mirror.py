"""What was fetched once is there for the next checkout: whole, shared, bounded, and healed when it is damaged."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from repositories.errors import GitCommandFailed
from repositories.git import fetching, mirror
from repositories.git.checkout import Checkout, RemoteSource
from repositories.git.eviction import forget, generations, make_room, size_of
from repositories.git.locks import acquire, attempt
from repositories.git.remote import Remote
from tests.support.patience import SOON
from tests.support.signals import send

from .conftest import Git

AUTHOR, WHEN = ("A", "a@example.com"), datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "mirrors" / "workspace" / "link"


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that went to a remote."""
    seen: list[tuple[str, ...]] = []
    run = Remote.run

    async def counted(self: Remote, command: str, *args: str, **kwargs: object) -> bytes:
        seen.append((command, *args))
        return await run(self, command, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Remote, "run", counted)
    return seen


def grow(origin: Path, sh: Git, times: int = 1) -> str:
    for number in range(times):
        (origin / "a.txt").write_text(f"{number} {os.urandom(8).hex()}\n")
        sh("commit", "-q", "-a", "-m", f"change {number}", cwd=origin)
    return sh("rev-parse", "HEAD", cwd=origin)


def put(origin: Path, sh: Git, name: str, data: bytes) -> None:
    (origin / name).write_bytes(data)
    sh("add", "-A", cwd=origin)
    sh("commit", "-q", "-m", name, cwd=origin)


def packs(place: Path) -> list[Path]:
    return list(place.glob("*/objects/pack/*.pack"))


def in_pieces(place: Path) -> list[Path]:
    """What is left of packs that were not finished."""
    return list(place.glob("*/objects/pack/tmp_*"))


def objects(git_dir: Path, sh: Git) -> set[str]:
    told = sh("cat-file", "--batch-all-objects", "--batch-check=%(objectname)", cwd=git_dir)
    return set(told.split())


def commands(fetches: list[tuple[str, ...]]) -> list[str]:
    return [command for command, *_ in fetches]


async def test_a_commit_that_is_here_is_not_asked_for(
    tmp_path: Path, origin: Path, place: Path, fetches: list[tuple[str, ...]]
) -> None:
    source = RemoteSource(str(origin), mirror=place)
    one = await Checkout.create(tmp_path / "one", source)
    assert commands(fetches) == ["ls-remote", "fetch"]
    fetches.clear()
    two = await Checkout.create(tmp_path / "two", source)
    assert commands(fetches) == ["ls-remote"]
    fetches.clear()
    shutil.move(origin, origin.with_name("gone"))
    three = await Checkout.create(tmp_path / "three", RemoteSource(str(origin), branch="main", mirror=place), sha=one.base_sha)
    assert fetches == []
    for checkout in (one, two, three):
        assert (checkout.root / "a.txt").read_text() == "one\ntwo\nthree\n"
        assert not list((checkout.root.parent / "git" / "objects" / "pack").iterdir())
        checkout.close()


async def test_a_branch_that_moved_brings_little(
    tmp_path: Path, origin: Path, place: Path, sh: Git, settings: Settings
) -> None:
    settings.MGX_HISTORY_DEPTH = 5
    grow(origin, sh, 20)
    source = RemoteSource(str(origin), mirror=place)
    (await Checkout.create(tmp_path / "one", source)).close()
    before = objects(place / "1", sh)
    head = grow(origin, sh, 3)
    two = await Checkout.create(tmp_path / "two", source)
    assert 3 <= len(objects(place / "1", sh) - before) <= 9, "three commits, their trees and their blobs"
    assert (two.base_sha, generations(place)) == (head, [1])
    two.close()


@pytest.mark.parametrize("url", [str, Path.as_uri], ids=["path", "file"])
async def test_a_branch_goes_out_from_a_part_of_the_history(
    tmp_path: Path, origin: Path, place: Path, sh: Git, settings: Settings, url: Callable[[Path], str]
) -> None:
    settings.MGX_HISTORY_DEPTH = 2
    base = grow(origin, sh, 6)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(url(origin), mirror=place))
    assert checkout.is_shallow
    assert len(sh("rev-list", base, cwd=tmp_path / "run" / "git").split()) == 2
    (checkout.root / "a.txt").write_text("new\n")
    sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
    await checkout.push(sha, "mgx/x/run-1")
    assert sh("rev-list", "--count", "mgx/x/run-1", cwd=origin) == "8"
    sh("fsck", "--strict", cwd=origin)
    checkout.close()


async def test_a_depth_of_none_brings_all(tmp_path: Path, origin: Path, place: Path, sh: Git, settings: Settings) -> None:
    settings.MGX_HISTORY_DEPTH = 2
    source = RemoteSource(str(origin), mirror=place)
    grow(origin, sh, 6)
    (await Checkout.create(tmp_path / "one", source)).close()
    settings.MGX_HISTORY_DEPTH = 0
    grow(origin, sh)
    checkout = await Checkout.create(tmp_path / "two", source)
    assert not checkout.is_shallow
    assert sh("rev-list", "--count", checkout.base_sha, cwd=tmp_path / "two" / "git") == "8"
    checkout.close()


async def test_a_base_that_was_rewritten_stays_for_who_has_it(tmp_path: Path, origin: Path, place: Path, sh: Git) -> None:
    source = RemoteSource(str(origin), branch="main", mirror=place)
    one = await Checkout.create(tmp_path / "one", source)
    sh("commit", "-q", "--amend", "-m", "rewritten", cwd=origin)
    two = await Checkout.create(tmp_path / "two", source)
    assert two.base_sha != one.base_sha
    sh("reflog", "expire", "--expire=now", "--all", cwd=origin)
    sh("gc", "-q", "--prune=now", cwd=origin)
    again = await Checkout.create(tmp_path / "again", source, sha=one.base_sha)
    assert again.base_sha == one.base_sha
    with pytest.raises(GitCommandFailed) as caught:  # another machine has no mirror of it
        await Checkout.create(
            tmp_path / "else", RemoteSource(str(origin), "main", mirror=place.with_name("other")), sha=one.base_sha
        )
    assert caught.value.code == "commit_gone"
    for checkout in (one, two, again):
        checkout.close()


async def test_a_takeover_elsewhere_gets_the_same(tmp_path: Path, origin: Path, place: Path, sh: Git) -> None:
    one = await Checkout.create(tmp_path / "one", RemoteSource(str(origin), mirror=place))
    (one.root / "a.txt").write_text("x\n")
    tree = await one.tree()
    patch = await one.patch_of(tree)
    grow(origin, sh, 3)
    elsewhere = RemoteSource(str(origin), branch="main", mirror=tmp_path / "elsewhere" / "w" / "l")
    two = await Checkout.create(tmp_path / "two", elsewhere, sha=one.base_sha)
    await two.restore(tree, patch)
    assert (two.base_sha, await two.tree()) == (one.base_sha, tree)
    one.close()
    two.close()


async def test_ids_of_sha256(tmp_path: Path, root: Path, place: Path, sh: Git) -> None:
    remote = root / "long"
    sh("init", "-q", "-b", "main", "--object-format=sha256", str(remote), cwd=root)
    (remote / "a.txt").write_text("x\n")
    sh("add", "-A", cwd=remote)
    sh("commit", "-q", "-m", "first", cwd=remote)
    for name in ("one", "two"):
        checkout = await Checkout.create(tmp_path / name, RemoteSource(str(remote), mirror=place))
        assert len(checkout.base_sha) == 64
        (checkout.root / "a.txt").write_text(f"{name}\n")
        sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
        await checkout.push(sha, f"mgx/{name}/run-1")
        checkout.close()


async def test_a_link_that_leads_to_another_kind_of_repository(
    tmp_path: Path, origin: Path, root: Path, place: Path, sh: Git
) -> None:
    (await Checkout.create(tmp_path / "one", RemoteSource(str(origin), mirror=place))).close()
    await test_ids_of_sha256(tmp_path / "long", root, place, sh)
    assert generations(place) == [2]


async def test_an_empty_repository_has_no_mirror(tmp_path: Path, root: Path, place: Path, sh: Git) -> None:
    sh("init", "-q", "--bare", "-b", "main", str(root / "empty"), cwd=root)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(root / "empty"), mirror=place))
    assert (checkout.base_sha, generations(place)) == ("", [])
    checkout.close()


async def test_a_user_who_has_only_a_part_of_the_history(
    tmp_path: Path, origin: Path, root: Path, place: Path, sh: Git
) -> None:
    grow(origin, sh, 5)
    part = root / "part"
    sh("clone", "-q", "--depth=2", origin.as_uri(), str(part), cwd=root)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(part), mirror=place))
    sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
    await checkout.push(sha, "mgx/x/run-1")
    assert sh("rev-parse", "mgx/x/run-1", cwd=part) == sha
    checkout.close()


# together


async def test_two_at_once_fetch_once(tmp_path: Path, origin: Path, place: Path, fetches: list[tuple[str, ...]]) -> None:
    source = RemoteSource(str(origin), mirror=place)
    made = await asyncio.gather(*(Checkout.create(tmp_path / str(n), source) for n in range(6)))
    assert commands(fetches).count("fetch") == 1
    assert len({checkout.base_sha for checkout in made}) == 1
    for checkout in made:
        await checkout.tree()
        checkout.close()


def test_loops_in_several_threads_fetch_once(tmp_path: Path, origin: Path, place: Path, fetches: list[tuple[str, ...]]) -> None:
    async def once(number: int) -> str:
        checkout = await Checkout.create(tmp_path / str(number), RemoteSource(str(origin), mirror=place))
        checkout.close()
        return checkout.base_sha

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(asyncio.to_thread(asyncio.run, once(n)) for n in range(4)))

    assert len(set(asyncio.run(all_at_once()))) == 1
    assert commands(fetches).count("fetch") == 1


HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "ab")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process has the lock on ``path``."""
    path.parent.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        yield other


async def test_another_process_that_fetches_is_waited_for_and_its_death_frees(
    tmp_path: Path, origin: Path, place: Path
) -> None:
    with held_elsewhere(place / "fetch.lock") as other:
        waiting = asyncio.create_task(Checkout.create(tmp_path / "run", RemoteSource(str(origin), mirror=place)))
        impatient = asyncio.create_task(Checkout.create(tmp_path / "cancelled", RemoteSource(str(origin), mirror=place)))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        other.send_signal(signal.SIGKILL)
        (await waiting).close()
    lock = attempt(place / "fetch.lock")
    assert lock is not None, "the one that was cancelled holds nothing"
    lock.close()


async def test_what_is_here_is_had_while_another_fetches(tmp_path: Path, origin: Path, place: Path) -> None:
    source = RemoteSource(str(origin), branch="main", mirror=place)
    one = await Checkout.create(tmp_path / "one", source)
    with await acquire(place / "fetch.lock"):
        two = await asyncio.wait_for(Checkout.create(tmp_path / "two", source), SOON)
    one.close()
    two.close()


async def test_what_is_in_use_stays(tmp_path: Path, origin: Path, place: Path, settings: Settings) -> None:
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin), mirror=place))
    settings.MGX_MIRRORS_MB = 0
    assert make_room(place.parents[1]) == []
    assert not forget(place)
    await checkout.tree()
    checkout.close()
    assert make_room(place.parents[1]) == [place]
    assert generations(place) == []
    (await Checkout.create(tmp_path / "again", RemoteSource(str(origin), mirror=place))).close()


async def test_the_one_that_was_not_used_for_longest_goes(
    tmp_path: Path, origin: Path, place: Path, sh: Git, settings: Settings
) -> None:
    put(origin, sh, "big.bin", os.urandom(1_500_000))
    first, second, third = (place.with_name(name) for name in ("a", "b", "c"))
    settings.MGX_MIRRORS_MB = 4
    for number, here in enumerate((first, second, first, third)):
        (await Checkout.create(tmp_path / str(number), RemoteSource(str(origin), mirror=here))).close()
    assert [bool(generations(here)) for here in (first, second, third)] == [True, False, True]


def test_a_mirror_that_is_forgotten(place: Path) -> None:
    assert forget(place)
    (place / "1").mkdir(parents=True)
    (place / "fetch.lock").touch()
    assert forget(place)
    assert generations(place) == []


# damage


async def test_half_a_pack_heals(tmp_path: Path, origin: Path, place: Path, sh: Git, settings: Settings) -> None:
    put(origin, sh, "more.bin", os.urandom(300_000))
    source = RemoteSource(str(origin), branch="main", mirror=place)
    one = await Checkout.create(tmp_path / "one", source)
    damage(place / "1")
    for name, sha in (("two", ""), ("three", one.base_sha)):
        checkout = await Checkout.create(tmp_path / name, source, sha=sha)
        assert (checkout.root / "more.bin").read_bytes() == (origin / "more.bin").read_bytes()
        checkout.close()
    assert 1 in generations(place), "somebody borrows from it"
    one.close()
    grow(origin, sh)
    (await Checkout.create(tmp_path / "four", source)).close()
    assert len(generations(place)) == 1


async def test_a_configuration_that_is_no_longer_one_heals(tmp_path: Path, origin: Path, place: Path, sh: Git) -> None:
    source = RemoteSource(str(origin), branch="main", mirror=place)
    (await Checkout.create(tmp_path / "one", source)).close()
    (place / "1" / "config").write_bytes(b"\xff\x00 half of a line")
    head = grow(origin, sh)
    checkout = await Checkout.create(tmp_path / "two", source)
    assert checkout.base_sha == head
    checkout.close()


async def test_damage_that_only_a_fetch_meets_heals(tmp_path: Path, origin: Path, place: Path, sh: Git) -> None:
    source = RemoteSource(str(origin), branch="main", mirror=place)
    (await Checkout.create(tmp_path / "one", source)).close()
    damage(place / "1")
    head = grow(origin, sh)
    checkout = await Checkout.create(tmp_path / "two", source)
    assert checkout.base_sha == head
    checkout.close()


def damage(git_dir: Path) -> None:
    """Cuts every pack to its half and every loose object to nothing."""
    for path in [*git_dir.glob("objects/pack/*.pack"), *git_dir.glob("objects/[0-9a-f][0-9a-f]/*")]:
        path.chmod(0o644)
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)


async def test_a_fetch_that_was_killed_is_done_again(
    tmp_path: Path, origin: Path, place: Path, sh: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(origin, sh, "big.bin", os.urandom(30_000_000))
    source = RemoteSource(str(origin), branch="main", mirror=place)
    task = asyncio.create_task(Checkout.create(tmp_path / "one", source))
    deadline = time.monotonic() + SOON
    while not in_pieces(place) and not task.done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)
    for pid in processes_in(str(place)):
        send(pid, signal.SIGKILL)
    try:
        (await task).close()
    except GitCommandFailed:
        (await Checkout.create(tmp_path / "two", source)).close()
    assert not in_pieces(place)
    assert size_of(place) < 40_000_000


def processes_in(words: str) -> list[int]:
    out = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in out.splitlines() if words in line and "git" in line]


async def test_what_a_dead_git_left_is_swept(tmp_path: Path, origin: Path, place: Path, sh: Git) -> None:
    source = RemoteSource(str(origin), branch="main", mirror=place)
    (await Checkout.create(tmp_path / "one", source)).close()
    (place / "1" / "shallow.lock").touch()
    (place / "1" / "packed-refs.lock").touch()
    (place / "1" / "objects" / "pack" / "tmp_pack_x").write_bytes(b"x" * 1000)
    grow(origin, sh)
    (await Checkout.create(tmp_path / "two", source)).close()
    assert generations(place) == [1]
    assert not in_pieces(place)


async def test_many_packs_become_one(
    tmp_path: Path, origin: Path, place: Path, sh: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "MAX_PACKS", 1)
    source = RemoteSource(str(origin), branch="main", mirror=place)
    one = await Checkout.create(tmp_path / "one", source)
    for number in range(2):
        (origin / "x").mkdir(exist_ok=True)
        for name in range(120):
            (origin / "x" / f"{name}").write_bytes(os.urandom(20))
        sh("add", "-A", cwd=origin)
        sh("commit", "-q", "-m", "many", cwd=origin)
        (await Checkout.create(tmp_path / f"n{number}", source)).close()
    assert len(packs(place)) == 1
    await one.tree()
    one.close()


# size


async def test_more_than_a_repository_may_take_is_refused(
    tmp_path: Path, origin: Path, place: Path, sh: Git, settings: Settings
) -> None:
    settings.MGX_REPOSITORY_MB = 2
    put(origin, sh, "big.bin", os.urandom(3_000_000))
    for source in (RemoteSource(str(origin), mirror=place), RemoteSource(str(origin))):
        with pytest.raises(GitCommandFailed, match="MGX_REPOSITORY_MB") as caught:
            await Checkout.create(tmp_path / "run", source)
        assert caught.value.code == "repository_too_large"
    assert size_of(place) < 100_000


async def test_much_in_a_little_pack_is_refused(tmp_path: Path, origin: Path, place: Path, sh: Git, settings: Settings) -> None:
    settings.MGX_REPOSITORY_MB = 5
    put(origin, sh, "zeros", bytes(20_000_000))
    with pytest.raises(GitCommandFailed, match="20 MB checked out") as caught:
        await Checkout.create(tmp_path / "run", RemoteSource(str(origin), mirror=place))
    assert caught.value.code == "repository_too_large"
    lock = attempt(place / "1" / "mgx.lock")
    assert lock is not None, "nobody borrows"
    lock.close()


async def test_one_that_has_grown_is_made_anew_first(
    tmp_path: Path, origin: Path, place: Path, sh: Git, settings: Settings
) -> None:
    settings.MGX_REPOSITORY_MB, settings.MGX_HISTORY_DEPTH = 3, 1
    source = RemoteSource(str(origin), branch="main", mirror=place)
    for number in range(3):
        put(origin, sh, "big.bin", os.urandom(1_200_000))
        (await Checkout.create(tmp_path / str(number), source)).close()
    assert generations(place)[-1] == 2
    assert size_of(place / "2") < 2_000_000


async def test_a_server_without_shallow_fetches_is_asked_for_all(
    tmp_path: Path, origin: Path, place: Path, sh: Git, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.MGX_HISTORY_DEPTH = 2
    grow(origin, sh, 4)
    run = Remote.run

    async def old(self: Remote, command: str, *args: str, **kwargs: object) -> bytes:
        if any(arg.startswith("--depth") for arg in args):
            raise GitCommandFailed("git fetch failed", stderr="fatal: Server does not support shallow clients")
        return await run(self, command, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Remote, "run", old)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin), mirror=place))
    assert not checkout.is_shallow
    checkout.close()


async def test_a_server_that_gives_no_commit_by_its_id(
    tmp_path: Path, origin: Path, place: Path, sh: Git, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.MGX_HISTORY_DEPTH = 2
    old_base = sh("rev-parse", "HEAD", cwd=origin)
    grow(origin, sh, 4)
    run = Remote.run

    async def refusing(self: Remote, command: str, *args: str, **kwargs: object) -> bytes:
        if command == "fetch" and not args[-1].startswith("refs/heads/"):
            raise GitCommandFailed("git fetch failed", stderr="error: Server does not allow request for unadvertised object x")
        return await run(self, command, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Remote, "run", refusing)
    (await Checkout.create(tmp_path / "one", RemoteSource(str(origin), mirror=place))).close()
    deep = await Checkout.create(tmp_path / "two", RemoteSource(str(origin), "main", mirror=place), sha=old_base)
    assert deep.base_sha == old_base
    deep.close()
    assert fetching.Wanted(old_base).ref in sh("for-each-ref", cwd=place / "1")
