"""A run's own clone: what goes in comes out again, to the byte."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from repositories.errors import GitCommandFailed
from repositories.git.checkout import Checkout, RemoteSource

from .conftest import Git

AUTHOR = ("MGX Agent", "mgx@example.com")
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def clone(tmp_path: Path, origin: Path, name: str = "run", **kwargs: str) -> Checkout:
    return await Checkout.create(tmp_path / name, RemoteSource(str(origin)), **kwargs)


def change_everything(root: Path) -> None:
    (root / "a.txt").write_text("one\n2\nthree\nfour\n")
    (root / "crlf.txt").write_bytes(b"one\r\nzwei\r\n")
    (root / "latin.txt").write_bytes(b"\xff\xfe\n")
    (root / "bild.bin").write_bytes(b"\0\1\2" * 999)
    (root / "tool.sh").chmod(0o644)
    (root / "ordner" / "grüße 世界.txt").unlink()
    (root / "neu").mkdir()
    (root / "neu" / "naïve “file”.py").write_text("print('x')\n")
    (root / "neu" / "no newline").write_text("end")
    (root / "empty").touch()
    (root / "link").unlink()
    (root / "link").symlink_to("/etc/passwd")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    found = {}
    for directory, names, files in os.walk(root):
        for name in [*files, *(n for n in names if (Path(directory) / n).is_symlink())]:
            path = Path(directory) / name
            data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(root))] = (path.lstat().st_mode & 0o170111, data)
    return found


async def test_a_clone_is_the_branch_that_the_source_is_on(tmp_path: Path, origin: Path, sh: Git) -> None:
    checkout = await clone(tmp_path, origin)
    assert checkout.base_sha == sh("rev-parse", "HEAD", cwd=origin)
    assert checkout.base_branch == "main"
    assert contents(checkout.root) == {k: v for k, v in contents(origin).items() if not k.startswith(".git/")}
    assert not (checkout.root / ".git").exists()


async def test_a_tree_travels_as_a_patch_to_another_clone(tmp_path: Path, origin: Path) -> None:
    one = await clone(tmp_path, origin, "one")
    change_everything(one.root)
    tree = await one.tree()
    patch = await one.patch_of(tree)

    two = await clone(tmp_path, origin, "two", sha=one.base_sha)
    (two.root / "leftover").write_text("x")
    (two.root / ".gitignore").write_text("ignored\n")
    (two.root / "ignored").mkdir()
    (two.root / "ignored" / "cache").write_text("x")
    await two.restore(tree, patch)
    assert contents(two.root) == contents(one.root)
    assert await two.tree() == tree
    assert await two.patch_of(tree) == patch


async def test_an_empty_patch_restores_the_base(tmp_path: Path, origin: Path) -> None:
    checkout = await clone(tmp_path, origin)
    before = contents(checkout.root)
    tree = await checkout.tree()
    change_everything(checkout.root)
    await checkout.restore(tree, b"")
    assert contents(checkout.root) == before


async def test_a_damaged_patch_is_refused(tmp_path: Path, origin: Path) -> None:
    checkout = await clone(tmp_path, origin)
    change_everything(checkout.root)
    tree = await checkout.tree()
    patch = await checkout.patch_of(tree)
    with pytest.raises(GitCommandFailed):
        await checkout.restore(tree, patch[: len(patch) // 2])
    with pytest.raises(GitCommandFailed, match="damaged"):
        await checkout.restore("0" * 40, patch)


async def test_an_attribute_of_the_workdir_changes_no_patch(tmp_path: Path, origin: Path) -> None:
    checkout = await clone(tmp_path, origin)
    (checkout.root / "a.txt").write_text("changed\n")
    tree = await checkout.tree()
    patch = await checkout.patch_of(tree)
    (checkout.root / ".gitattributes").write_text("* -diff\n*.txt binary\n")
    assert await checkout.patch_of(tree) == patch
    assert "+changed" in await checkout.diff(tree)


async def test_line_ends_survive_attributes(tmp_path: Path, origin: Path, sh: Git) -> None:
    (origin / ".gitattributes").write_text("* text=auto eol=lf\n")
    sh("add", "-A", cwd=origin)
    sh("commit", "-q", "-m", "attributes", cwd=origin)
    one = await clone(tmp_path, origin, "one")
    (one.root / "new.txt").write_bytes(b"a\r\nb\r\n")
    tree = await one.tree()
    two = await clone(tmp_path, origin, "two")
    await two.restore(tree, await one.patch_of(tree))
    assert await two.tree() == tree


async def test_diff_and_stat_are_for_people(tmp_path: Path, origin: Path) -> None:
    checkout = await clone(tmp_path, origin)
    change_everything(checkout.root)
    tree = await checkout.tree()
    diff = await checkout.diff(tree)
    assert "+2\n" in diff
    assert "grüße 世界.txt" in diff
    assert "Binary files a/bild.bin and b/bild.bin differ" in diff
    stat = await checkout.stat(tree)
    assert stat["files"] == 11
    assert (stat["added"], stat["removed"]) == (8, 5)
    assert "11 files changed" in stat["text"]


async def test_a_commit_repeats_to_the_bit(tmp_path: Path, origin: Path, sh: Git) -> None:
    shas = []
    for name in ("one", "two"):
        checkout = await clone(tmp_path, origin, name)
        (checkout.root / "a.txt").write_text("new\n")
        tree = await checkout.tree()
        shas.append(await checkout.commit(tree, message="MGX Task: grüße – Run #1\n\nBody", author=AUTHOR, date=WHEN))
    assert shas[0] == shas[1]
    await checkout.push(shas[0], "mgx/x/run-1")
    shown = sh("show", "-s", "--format=%P|%an|%ae|%cI|%s", "mgx/x/run-1", cwd=origin)
    assert shown == f"{checkout.base_sha}|MGX Agent|mgx@example.com|2026-01-02T03:04:05+00:00|MGX Task: grüße – Run #1"


async def test_a_push_leaves_the_users_checkout_alone(tmp_path: Path, origin: Path, sh: Git) -> None:
    (origin / "a.txt").write_text("my own work\n")
    (origin / "untracked").write_text("mine\n")
    (origin / ".git" / "hooks" / "post-receive").write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    (origin / ".git" / "hooks" / "post-receive").chmod(0o755)
    index, head = (origin / ".git" / "index").read_bytes(), sh("rev-parse", "HEAD", cwd=origin)
    before = {k: v for k, v in contents(origin).items() if not k.startswith(".git/")}
    checkout = await clone(tmp_path, origin)
    (checkout.root / "a.txt").write_text("theirs\n")
    sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
    await checkout.push(sha, "mgx/x/run-1")
    assert sh("rev-parse", "mgx/x/run-1", cwd=origin) == sha
    assert (origin / ".git" / "index").read_bytes() == index
    assert (sh("rev-parse", "HEAD", cwd=origin), sh("branch", "--show-current", cwd=origin)) == (head, "main")
    assert {k: v for k, v in contents(origin).items() if not k.startswith(".git/")} == before
    assert not (tmp_path / "hook-ran").exists()


async def test_a_second_push_adopts_the_first(tmp_path: Path, origin: Path) -> None:
    checkout = await clone(tmp_path, origin)
    (checkout.root / "a.txt").write_text("new\n")
    sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
    assert await checkout.remote_heads("mgx/x/run-1") == {}
    await checkout.push(sha, "mgx/x/run-1")
    await checkout.push(sha, "mgx/x/run-1")
    assert await checkout.remote_heads("mgx/x/run-1") == {"mgx/x/run-1": sha}


async def test_another_branch_of_that_name_is_never_overwritten(tmp_path: Path, origin: Path, sh: Git) -> None:
    checkout = await clone(tmp_path, origin)
    sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
    sh("branch", "mgx/x/run-1", cwd=origin)
    with pytest.raises(GitCommandFailed, match="already exists") as caught:
        await checkout.push(sha, "mgx/x/run-1")
    assert caught.value.code == "branch_taken"
    assert sh("rev-parse", "mgx/x/run-1", cwd=origin) == sh("rev-parse", "main", cwd=origin)


@pytest.mark.parametrize("bare", [True, False])
async def test_an_empty_repository_gets_a_first_commit(tmp_path: Path, root: Path, sh: Git, bare: bool) -> None:
    remote = root / "empty"
    sh("init", "-q", "-b", "main", *(["--bare"] if bare else []), str(remote), cwd=root)
    checkout = await clone(tmp_path, remote)
    assert (checkout.base_sha, checkout.base_branch) == ("", "main")
    (checkout.root / "a.txt").write_text("first\n")
    tree = await checkout.tree()
    patch = await checkout.patch_of(tree)
    sha = await checkout.commit(tree, message="m", author=AUTHOR, date=WHEN)
    assert (await checkout.stat(sha))["added"] == 1
    await checkout.push(sha, "mgx/x/run-1")

    again = await Checkout.create(tmp_path / "again", RemoteSource(str(remote)), empty=True)
    assert again.base_sha == ""
    await again.restore(tree, patch)
    assert await again.commit(tree, message="m", author=AUTHOR, date=WHEN) == sha
    await again.push(sha, "mgx/x/run-1")


async def test_no_repository_at_all_is_an_empty_tree(tmp_path: Path) -> None:
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(""))
    (checkout.root / "a.txt").write_text("x\n")
    assert (await checkout.stat(await checkout.tree()))["files"] == 1


async def test_a_run_keeps_its_commit_when_the_branch_moves(tmp_path: Path, origin: Path, sh: Git) -> None:
    base = sh("rev-parse", "HEAD", cwd=origin)
    sh("commit", "-q", "--amend", "-m", "rewritten", cwd=origin)
    checkout = await clone(tmp_path, origin, sha=base)
    assert checkout.base_sha == base
    assert sh("rev-parse", "HEAD", cwd=origin) != base


async def test_a_detached_head_and_a_worktree_and_a_branch_are_sources(tmp_path: Path, origin: Path, sh: Git) -> None:
    sh("branch", "side", cwd=origin)
    sh("worktree", "add", "-q", str(origin.parent / "tree"), "side", cwd=origin)
    assert (await clone(tmp_path, origin.parent / "tree")).base_branch == "side"
    assert (await Checkout.create(tmp_path / "b", RemoteSource(origin.as_uri(), branch="side"))).base_branch == "side"
    sh("checkout", "-q", "--detach", cwd=origin)
    checkout = await clone(tmp_path, origin, "detached")
    assert checkout.base_sha == sh("rev-parse", "HEAD", cwd=origin)
    with pytest.raises(GitCommandFailed, match="no branch nowhere"):
        await Checkout.create(tmp_path / "c", RemoteSource(str(origin), branch="nowhere"))


async def test_caches_and_own_marks_are_not_stored(tmp_path: Path, origin: Path) -> None:
    checkout = await clone(tmp_path, origin)
    before = await checkout.tree()
    for name in (".mgx/backups/x", "pkg/__pycache__/m.pyc", "node_modules/x/index.js", ".venv/bin/python"):
        (checkout.root / name).parent.mkdir(parents=True)
        (checkout.root / name).write_text("x")
    assert await checkout.tree() == before


IGNORED = (
    "data/prices.json", ".env.example", "lib/deep/er/helper.py", "build/cli.js", "dist/index.js", "app.local", "run.log",
    ".vscode/launch.json", "node_modules/patched/index.js", "pkg/__pycache__/kept.txt", "-dash.log", "grüße.log",
)  # fmt: skip
RULES = ".env*\ndata/\nlib/\n/build/\ndist\n*.local\n*.log\n.vscode/\n"


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name}\n")


async def test_exactly_what_was_written_is_stored_whatever_is_ignored(tmp_path: Path, origin: Path, sh: Git) -> None:
    (origin / ".gitignore").write_text(RULES)
    sh("add", "-A", cwd=origin)
    sh("commit", "-q", "-m", "rules", cwd=origin)
    one = await clone(tmp_path, origin, "one")
    put(one.root, *IGNORED)
    put(one.root, "data/cache.bin", "package-lock.json", "lib/deep/er/helper.pyc")  # a program's own
    tree = await one.tree(IGNORED)
    await one.reset(tree)
    assert {path for path in IGNORED if not (one.root / path).is_file()} == set()
    added = {path for path, (old, _) in (await one.contents(tree)).items() if old is None}
    assert added == set(IGNORED)
    assert not (one.root / "package-lock.json").exists()

    two = await clone(tmp_path, origin, "two")
    await two.restore(tree, await one.patch_of(tree))
    assert contents(two.root) == contents(one.root)
    # what was stored once stays, whatever is written next
    put(two.root, "other.txt")
    assert "data/prices.json" in await two.contents(await two.tree(["other.txt"]))


async def test_what_was_removed_or_renamed_is_gone_and_a_file_may_become_a_directory(tmp_path: Path, origin: Path) -> None:
    checkout = await clone(tmp_path, origin)
    (checkout.root / "a.txt").rename(checkout.root / "z.log")
    (checkout.root / "tool.sh").unlink()
    put(checkout.root, "tool.sh/tool.txt")
    shutil.rmtree(checkout.root / "ordner")
    put(checkout.root, "ordner")
    paths = ["z.log", "a.txt", "tool.sh/tool.txt", "tool.sh", "ordner/grüße 世界.txt", "ordner", "never-there.txt"]
    tree = await checkout.tree(paths)
    changed = await checkout.contents(tree)
    assert {path for path, (_, new) in changed.items() if new is None} == {"a.txt", "tool.sh", "ordner/grüße 世界.txt"}
    assert {path for path, (old, _) in changed.items() if old is None} == {"z.log", "tool.sh/tool.txt", "ordner"}
    assert await checkout.tree([]) == tree
    assert await checkout.modes(tree) == {}, "of what is only there before, or only afterwards, there is nothing to compare"


async def test_modes_that_changed_are_told(tmp_path: Path, origin: Path) -> None:
    checkout = await clone(tmp_path, origin)
    change_everything(checkout.root)
    tree = await checkout.tree(["tool.sh", "a.txt", "run.sh", "link"])
    assert await checkout.modes(tree) == {"tool.sh": ("100755", "100644")}
