"""Local paths: under the roots only, and a user's directory is changed only where they asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from mgx_project.common.errors import BadRequest, Conflict, NotAllowed, NotFound
from repositories.git import local_repositories

from .conftest import Git


def test_without_roots_every_local_path_is_refused(tmp_path: Path, settings: Settings) -> None:
    settings.MGX_LOCAL_ROOTS, settings.MGX_LOCAL_ROOTS_FILE = [], ""
    with pytest.raises(NotAllowed, match="does not allow") as caught:
        local_repositories.allowed(str(tmp_path))
    assert "Push the repository" in caught.value.hint


def test_the_roots_file_is_read_at_each_check(tmp_path: Path, settings: Settings) -> None:
    listed = tmp_path / "roots"
    settings.MGX_LOCAL_ROOTS, settings.MGX_LOCAL_ROOTS_FILE = [], str(listed)
    with pytest.raises(NotAllowed):
        local_repositories.allowed(str(tmp_path / "a"))
    listed.write_text(f"\n{tmp_path / 'a'}\nrelative\n")
    assert local_repositories.allowed((tmp_path / "a" / "b").as_uri()) == tmp_path / "a" / "b"
    with pytest.raises(NotAllowed):
        local_repositories.allowed(str(tmp_path / "ab"))
    with pytest.raises(NotAllowed):
        local_repositories.allowed(str(tmp_path / "a" / ".." / "b"))


def test_a_link_does_not_lead_out_of_the_roots(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (root / "way-out").symlink_to(tmp_path / "secret")
    with pytest.raises(NotAllowed, match="outside"):
        local_repositories.allowed(str(root / "way-out"))
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(BadRequest):
        local_repositories.allowed(str(root / "loop"))


@pytest.mark.parametrize("text", ["relative", "file://host/x", "/a\0b", "file:relative"])
def test_what_is_no_absolute_path_is_refused(root: Path, text: str) -> None:
    with pytest.raises(BadRequest):
        local_repositories.allowed(text)


async def test_data_outside_the_roots_is_refused(root: Path, tmp_path: Path, origin: Path, sh: Git) -> None:
    outside = tmp_path / "outside"
    sh("clone", "-q", str(origin), str(outside), cwd=tmp_path)
    pointing = root / "pointing"
    pointing.mkdir()
    (pointing / ".git").write_text(f"gitdir: {outside}/.git\n")
    linked = root / "linked"
    linked.mkdir()
    (linked / ".git").symlink_to(outside / ".git")
    borrowing = root / "borrowing"
    sh("clone", "-q", "--shared", str(outside), str(borrowing), cwd=tmp_path)
    for path, named in ((pointing, ".git"), (linked, ".git"), (borrowing, ".git/objects")):
        with pytest.raises(NotAllowed, match="outside the directories") as caught:
            await local_repositories.check_repository(path)
        assert f"`mgx allow '{outside / named}'`" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (".git/config", "[core\n", "bad config line 1"),
        (".git/config", "[core]\nrepositoryformatversion = 99\n", "Expected git repo version <= 1, found 99"),
        (".git/HEAD", "", "not a git repository"),
    ],
)
async def test_a_repository_that_git_refuses_is_told_in_its_own_words(
    root: Path, origin: Path, file: str, text: str, words: str
) -> None:
    (origin / file).write_text(text)
    with pytest.raises(NotFound, match=f"git refuses the repository {origin}") as caught:
        await local_repositories.check_repository(origin)
    assert words in caught.value.detail
    assert (caught.value.code, "git status" in caught.value.hint) == ("repository_refused", True)


async def test_what_is_no_repository_is_said_so(root: Path, origin: Path) -> None:
    with pytest.raises(NotFound, match="no directory"):
        await local_repositories.check_repository(root / "absent")
    (root / "plain").mkdir()
    with pytest.raises(NotFound, match="not a git repository") as caught:
        await local_repositories.check_repository(root / "plain")
    assert caught.value.code == "not_a_repository"
    with pytest.raises(NotFound, match="is inside the repository"):
        await local_repositories.check_repository(origin / "ordner")
    await local_repositories.check_repository(origin)


async def test_uncommitted_changes_are_listed(origin: Path, sh: Git) -> None:
    await local_repositories.require_committed(origin)
    (origin / "mgx.yaml").write_text("x")
    (origin / ".mgx").mkdir()
    (origin / ".mgx" / "x").write_text("x")
    await local_repositories.require_committed(origin)
    for name in ("n1", "n2", "n3", "grüße"):
        (origin / name).write_text("x")
    (origin / "a.txt").write_text("changed")
    (origin / "bild.bin").unlink()
    sh("mv", "tool.sh", "moved.sh", cwd=origin)
    index = (origin / ".git" / "index").read_bytes()
    assert await local_repositories.uncommitted(origin) == [
        "a.txt",
        "bild.bin",
        "grüße",
        "moved.sh",
        "n1",
        "n2",
        "n3",
        "tool.sh",
    ]
    with pytest.raises(Conflict, match=r"a\.txt, bild\.bin, grüße, moved\.sh, n1 and 3 more") as caught:
        await local_repositories.require_committed(origin)
    assert caught.value.code == "repository_dirty"
    assert (origin / ".git" / "index").read_bytes() == index


async def test_a_new_project_begins_in_an_empty_directory(root: Path, origin: Path, sh: Git) -> None:
    new = root / "a" / "new"
    await local_repositories.prepare_new(new)
    await local_repositories.prepare_new(new)
    assert sh("symbolic-ref", "HEAD", cwd=new) == "refs/heads/main"
    assert [p.name for p in new.iterdir()] == [".git"]
    with pytest.raises(Conflict, match="not empty"):
        await local_repositories.prepare_new(origin)
    with pytest.raises(Conflict, match="is a file"):
        await local_repositories.prepare_new(origin / "a.txt")


async def test_the_delivered_branch_appears_in_a_new_project(root: Path, origin: Path, sh: Git) -> None:
    new = root / "new"
    await local_repositories.prepare_new(new)
    (new / "mgx.yaml").write_text("x")
    sh("push", "-q", str(new), "main:refs/heads/mgx/x/run-1", cwd=origin)
    assert await local_repositories.publish_new(new, "mgx/x/run-1")
    assert (new / "a.txt").read_text() == "one\ntwo\nthree\n"
    assert sh("branch", "--show-current", cwd=new) == "mgx/x/run-1"
    assert not await local_repositories.publish_new(new, "mgx/x/run-1")


async def test_a_directory_that_is_in_use_is_not_checked_out_over(root: Path, origin: Path, sh: Git) -> None:
    new = root / "new"
    await local_repositories.prepare_new(new)
    sh("push", "-q", str(new), "main:refs/heads/mgx/x/run-1", cwd=origin)
    (new / "mine").write_text("x")
    assert not await local_repositories.publish_new(new, "mgx/x/run-1")
    assert sorted(p.name for p in new.iterdir()) == [".git", "mine"]
    assert not await local_repositories.publish_new(origin, "main")
