"""What a program leaves in a workdir is undone: without git where it only added something, by git where it did more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from repositories.git import checkout as module
from repositories.git.checkout import Checkout, RemoteSource

from .test_checkout import change_everything, contents

Act = Callable[[Path], None]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands on checkouts, in order."""
    commands: list[str] = []
    real = module.git

    async def counted(*args: str, **options: object) -> bytes:
        commands.append(args[0])
        return await real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "git", counted)
    return commands


@pytest.fixture
async def clone(tmp_path: Path, origin: Path) -> Checkout:
    return await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))


def everything(root: Path) -> dict[str, tuple[int, bytes]]:
    """With its folders, which git doesn't know."""
    return contents(root) | {str(path.relative_to(root)): (0, b"") for path in root.rglob("*") if path.is_dir()}


def adds(root: Path) -> None:
    (root / "cache" / "deep").mkdir(parents=True)
    (root / "cache" / "deep" / "x").write_text("x")
    (root / "left.log").write_text("x")
    (root / ".gitignore").write_text("*\n")
    (root / "outside").symlink_to("/etc")


def same_size(root: Path) -> None:
    about = (root / "a.txt").stat()
    (root / "a.txt").write_bytes(b"x" * about.st_size)
    os.utime(root / "a.txt", ns=(about.st_atime_ns, about.st_mtime_ns))


def replaced(root: Path) -> None:
    (root / "new").write_bytes((root / "a.txt").read_bytes()[::-1])
    (root / "new").replace(root / "a.txt")


def made_a_link(root: Path) -> None:
    shutil.rmtree(root / "ordner")
    (root / "ordner").symlink_to("/etc")


ACTS: dict[str, Act] = {
    "same size and time": same_size, "replaced": replaced, "a folder is a link": made_a_link, "everything": change_everything,
    "mode": lambda root: (root / "a.txt").chmod(0o755), "deleted": lambda root: (root / "a.txt").unlink(),
}  # fmt: skip


async def test_what_was_added_goes_without_git(clone: Checkout, asked: list[str]) -> None:
    before = everything(clone.root)
    for act in (adds, lambda root: None):
        await clone.before_program()
        act(clone.root)
        await clone.reset()
        assert everything(clone.root) == before
    assert asked == []


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_what_was_changed_is_put_back_by_git(clone: Checkout, asked: list[str], act: Act) -> None:
    before = everything(clone.root)
    await clone.before_program()
    act(clone.root)
    adds(clone.root)
    await clone.reset()
    assert everything(clone.root) == before
    assert asked == ["read-tree", "clean"]


async def test_what_is_kept_stays(clone: Checkout, asked: list[str]) -> None:
    (clone.root / "new" / "deep").mkdir(parents=True)
    (clone.root / "new" / "deep" / "a.py").write_text("a = 1\n")
    (clone.root / "a.txt").write_text("changed\n")
    (clone.root / "ordner" / "grüße 世界.txt").unlink()
    tree = await clone.tree(["new/deep/a.py", "a.txt", "ordner/grüße 世界.txt"])
    kept = contents(clone.root)
    await clone.before_program()
    adds(clone.root)
    await clone.reset(tree)
    assert contents(clone.root) == kept
    assert asked == ["update-index", "write-tree"]
    await clone.before_program()
    (clone.root / "new" / "deep" / "a.py").write_text("a = 2\n")
    await clone.reset(tree)
    assert contents(clone.root) == kept


async def test_another_tree_is_restored_over_what_was_left(
    clone: Checkout, tmp_path: Path, origin: Path, asked: list[str]
) -> None:
    other = await Checkout.create(tmp_path / "other", RemoteSource(str(origin)))
    change_everything(other.root)
    tree = await other.tree()
    patch = await other.patch_of(tree)
    asked.clear()
    for _ in range(2):
        await clone.before_program()
        adds(clone.root)
        await clone.restore(tree, patch)
        assert contents(clone.root) == contents(other.root)
    assert asked == ["apply", "write-tree", "read-tree"] * 2
    await clone.reset()
    await clone.restore(tree, patch)
    assert contents(clone.root) == contents(other.root)
    assert await clone.tree() == tree


async def test_a_difference_is_told_in_one_piece(clone: Checkout, asked: list[str]) -> None:
    """As three commands would tell it: the counts, the summary and the patch, with names and bytes that could be taken for
    what stands between them."""
    change_everything(clone.root)
    (clone.root / " 1\t2 | tab").write_text("x\n")
    (clone.root / "nul.txt").write_bytes(b"line\n" * 3000 + b"\0\nend\n")
    tree = await clone.tree()
    asked.clear()
    found = await clone.difference(tree)
    assert asked == ["diff-tree"]
    whole = (await clone._diff("-p", clone._base_tree, tree)).decode(errors="replace")
    summary = (await clone._diff("--stat=100", clone._base_tree, tree)).decode(errors="replace")
    numbers = (await clone._diff("--numstat", clone._base_tree, tree)).decode().splitlines()
    assert (found.patch, found.stat["text"]) == (whole, summary)
    assert found.stat["files"] == len(numbers) == 13
    assert found.stat["added"] == sum(int(line.split("\t")[0]) for line in numbers if line[0].isdigit())


async def test_no_difference_is_empty(clone: Checkout) -> None:
    found = await clone.difference(clone.base_sha)
    assert (found.stat, found.patch) == ({"files": 0, "added": 0, "removed": 0, "text": ""}, "")
