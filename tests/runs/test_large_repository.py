"""A run on a repository with a long history (a gigabyte in the long form) takes little of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from repositories.checkout_source import mirror_of
from repositories.git.eviction import size_of
from repositories.models import RepositoryLink
from runs.models.run_state import Status
from tests.support.drills import times
from tests.support.git_server import TOKEN, serve

from .conftest import Tenant, drive, git, types

COMMITS, BLOB = times(4096, 512), 256 * 1024
NEEDED = 3 * COMMITS * BLOB
"""Bytes of disk."""


def make_large(path: Path) -> None:
    """COMMITS commits, each with BLOB random bytes in place of those before, and one that has a README instead."""
    git("init", "-q", "--bare", "-b", "main", str(path), cwd=path.parent)
    quick = ("-c", "core.compression=0", "-c", "pack.compression=0", "-c", "core.bigFileThreshold=1k")
    with subprocess.Popen(["git", *quick, "fast-import", "--quiet", "--depth=0"], cwd=path, stdin=subprocess.PIPE) as importing:
        assert importing.stdin is not None
        for number in range(COMMITS):
            words = f"commit refs/heads/main\ncommitter A <a@example.com> {1_700_000_000 + number} +0000\ndata 1\nx\n"
            importing.stdin.write(f"{words}M 100644 inline data.bin\ndata {BLOB}\n".encode())
            importing.stdin.write(os.urandom(BLOB) + b"\n")
        small = "commit refs/heads/main\ncommitter A <a@example.com> 1800000000 +0000\ndata 1\nx\nD data.bin\n"
        importing.stdin.write(f"{small}M 100644 inline README.md\ndata 8\n# Large\n\n".encode())
        importing.stdin.close()
    assert importing.returncode == 0


@pytest.mark.slow
def test_a_long_history(tenant: Tenant, tmp_path: Path, settings: Settings) -> None:
    if shutil.disk_usage(tmp_path).free < NEEDED:
        pytest.skip(f"{tmp_path} has less than {NEEDED // 10**6} MB free")
    (tmp_path / "served").mkdir()
    large = tmp_path / "served" / "large.git"
    began = time.monotonic()
    make_large(large)
    print(f"made in {time.monotonic() - began:.1f} s")
    assert size_of(large) > COMMITS * BLOB
    with serve(tmp_path / "served") as server:
        link = RepositoryLink.objects.create(
            workspace_id=tenant.workspace.pk, project=tenant.project, repo_full_name="acme/large", is_primary=True,
            clone_url=f"{server.url}/large.git", credential=TOKEN,
        )  # fmt: skip
        run = tenant.run(tenant.task(repository_id=link.pk), auto_approve=True)
        began = time.monotonic()
        run = drive(run)
        print(f"{run.status} in {time.monotonic() - began:.1f} s; the mirror takes {size_of(mirror_of(link)) / 1e6:.0f} MB")
    assert run.status == Status.COMPLETED, run.error
    assert git("rev-parse", run.branch_name, cwd=large) == run.commit_sha
    assert git("rev-list", "--count", run.branch_name, cwd=large) == str(COMMITS + 2)
    assert "source_ready" in types(run)
    taken = size_of(mirror_of(link))
    assert taken < 1.2 * settings.MGX_HISTORY_DEPTH * BLOB, "the newest commits, and no more"
    shutil.rmtree(large)
