"""What a run begins with is said once, and what it borrowed is given back."""

from __future__ import annotations

from pathlib import Path

from repositories.checkout_source import mirror_of
from repositories.git.eviction import forget, generations
from runs.models.run_state import Status
from workspaces.models import Event

from .conftest import Tenant, drive, git

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345\n"


def test_what_is_not_here_is_said_once(tenant: Tenant, empty_repo: Path) -> None:
    (empty_repo / "NOTICE.bin").write_text(POINTER)
    git("add", "NOTICE.bin", cwd=empty_repo)
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},libs/a", cwd=empty_repo)
    git("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", "first", cwd=empty_repo)
    link = tenant.link(empty_repo, is_primary=True)
    run = drive(tenant.run(tenant.task(repository_id=link.pk), auto_approve=True))
    assert run.status == Status.COMPLETED, run.error

    ready = Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="source_ready")
    assert ready.data == {
        "repo_full_name": "new-service",
        "base_branch": "main",
        "base_sha": git("rev-parse", "HEAD", cwd=empty_repo),
        "submodules": ["libs/a"],
        "lfs_files": ["NOTICE.bin"],
        "shallow": False,
    }
    assert "Submodules are not checked out (libs/a)" in ready.message
    changed = git("diff-tree", "-r", "--name-only", "main", run.branch_name, cwd=empty_repo).split()
    assert not {"libs/a", "NOTICE.bin"}.intersection(changed)
    assert generations(mirror_of(link)) == [1]
    assert forget(mirror_of(link)), "nobody borrows from it any more"
