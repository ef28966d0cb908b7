"""What runs in a workdir may write anything there; git must not run any of it, nor leave the workdir."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mgx_project.common.errors import BadRequest
from repositories.errors import GitCommandFailed
from repositories.git.address import address
from repositories.git.checkout import Checkout, RemoteSource
from repositories.git.process import git
from tests.support.patience import SOON, wait_for

from .conftest import Git

AUTHOR, WHEN = ("A", "a@example.com"), datetime(2026, 1, 1, tzinfo=UTC)


def boobytrap(git_dir: Path, flag: Path) -> None:
    """Every setting by which a repository's own configuration makes git run a program."""
    script = git_dir / "trap.sh"
    script.write_text(f"#!/bin/sh\necho ran >> {flag}\ncat\n")
    script.chmod(0o755)
    with (git_dir / "config").open("a") as config:
        config.write(
            f'[core]\n fsmonitor = {script}\n sshCommand = {script}\n pager = {script}\n hooksPath = {git_dir}/hooks\n'
            f' alternateRefsCommand = {script}\n'
            f'[filter "trap"]\n clean = {script}\n smudge = {script}\n required = true\n'
            f'[diff "trap"]\n command = {script}\n textconv = {script}\n[diff]\n external = {script}\n'
        )  # fmt: skip
    (git_dir / "hooks").mkdir(exist_ok=True)
    for name in ("pre-receive", "update", "post-receive", "post-checkout", "post-index-change", "reference-transaction"):
        (git_dir / "hooks" / name).write_text(script.read_text())
        (git_dir / "hooks" / name).chmod(0o755)


async def test_nothing_in_the_workdir_makes_git_run_a_program(tmp_path: Path, origin: Path, sh: Git) -> None:
    flag = tmp_path / "flag"
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    for place in (checkout.root, checkout.root / "ordner", checkout.root / "fresh"):
        place.mkdir(exist_ok=True)
        sh("init", "-q", "-b", "main", cwd=place)
        (place / "f.txt").write_text("x\n")
        sh("add", "f.txt", cwd=place)
        sh("commit", "-q", "-m", "nested", cwd=place)
        boobytrap(place / ".git", flag)
    (checkout.root / ".gitattributes").write_text("* filter=trap diff=trap\n")
    tree = await checkout.tree()
    await checkout.diff(tree)
    patch = await checkout.patch_of(tree)
    await checkout.restore(tree, patch)
    await checkout.push(await checkout.commit(tree, message="m", author=AUTHOR, date=WHEN), "mgx/x/run-1")
    assert not flag.exists()
    assert (checkout.root / "fresh" / "f.txt").read_text() == "x\n"
    assert "160000" not in sh("ls-tree", "-r", "mgx/x/run-1", cwd=origin)


async def test_a_boobytrapped_source_runs_nothing(tmp_path: Path, origin: Path) -> None:
    flag = tmp_path / "flag"
    (origin / ".gitattributes").write_text("* filter=trap diff=trap\n")
    boobytrap(origin / ".git", flag)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    (checkout.root / "a.txt").write_text("x\n")
    sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
    await checkout.push(sha, "mgx/x/run-1")
    from repositories.git import local_repositories

    assert ".gitattributes" in await local_repositories.uncommitted(origin)
    assert not flag.exists()


async def test_links_lead_nowhere(tmp_path: Path, origin: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    (checkout.root / "ordner" / "grüße 世界.txt").unlink()
    (checkout.root / "ordner").rmdir()
    base = await checkout.tree()
    (checkout.root / "ordner").symlink_to(outside)
    (checkout.root / "dir").symlink_to(outside)
    tree = await checkout.tree()
    assert "precious" not in (await checkout.diff(tree)).replace("/outside", "")
    await checkout.restore(base, await checkout.patch_of(base))
    await checkout.restore(tree, await checkout.patch_of(tree))
    assert sorted(os.listdir(outside)) == ["precious"]


async def test_a_submodule_stays_a_pointer_and_is_not_fetched(tmp_path: Path, origin: Path, root: Path, sh: Git) -> None:
    inner = root / "inner"
    sh("clone", "-q", str(origin), str(inner), cwd=root)
    sh("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub", cwd=origin)
    sh("commit", "-q", "-m", "submodule", cwd=origin)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    assert list((checkout.root / "sub").iterdir()) == []
    (checkout.root / "a.txt").write_text("x\n")
    tree = await checkout.tree()
    assert (await checkout.stat(tree))["files"] == 1
    again = await Checkout.create(tmp_path / "again", RemoteSource(str(origin)))
    await again.restore(tree, await checkout.patch_of(tree))
    assert await again.tree() == tree


def running(marker: str) -> list[str]:
    out = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in out.splitlines() if marker in line and "ps -eo" not in line]


async def test_cancelling_kills_git_and_what_it_started() -> None:
    marker = "sleep 987.125"
    task = asyncio.create_task(git("-c", f"alias.wait=!{marker}; true", "wait"))
    deadline = time.monotonic() + SOON
    while not running(marker):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    wait_for(lambda: not running(marker))  # killed, it is gone as soon as the machine gets to it; it would sleep on otherwise


async def test_time_is_limited() -> None:
    with pytest.raises(GitCommandFailed, match=r"longer than 0\.2 seconds") as caught:
        await git("-c", "alias.wait=!sleep 987.5; true", "wait", seconds=0.2)
    assert caught.value.code == "git_timeout"
    wait_for(lambda: not running("sleep 987.5"))


async def test_the_machines_configuration_and_environment_do_not_reach_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'user.name'='evil'")
    for name in ("MGX_SECRET_KEY_PROBE", "GITHUB_PAT", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "secret")
    names = (await git("config", "--list", "--name-only")).decode()
    assert "user.name" not in names
    seen = (await git("-c", "alias.e=!env", "e")).decode()
    assert "secret" not in seen


@pytest.mark.parametrize("url", ["http://ｌocalhost/a/b", "https://bücher.example/a/b", "ssh://git@①②⑦.0.0.1/a/b"])
def test_a_host_that_curl_would_read_otherwise_is_refused(url: str) -> None:
    with pytest.raises(BadRequest):
        address(url)
