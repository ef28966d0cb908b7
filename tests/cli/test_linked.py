"""mgx task on a repository that is linked already."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Mgx
from tests.cli.standin import Standin

CONNECT = "/api/repositories/connect"
LINK = {
    "id": "01a20a00-0000-7000-8000-000000000001", "project_id": "01a20a00-0000-7000-8000-000000000002",
    "repo_full_name": "octocat/shop", "clone_url": "https://github.com/octocat/shop.git",
}  # fmt: skip


@pytest.mark.parametrize("repo", ["octocat/shop", "Octocat/Shop", "https://github.com/octocat/shop"])
def test_it_is_used_as_its_link_says(mgx: Mgx, server: Standin, tmp_path: Path, repo: str) -> None:
    server.links[LINK["id"]] = LINK
    done = mgx("task", "x", "--yes", "--repo", repo, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert server.bodies(CONNECT) == []
    (task,) = server.bodies("/api/tasks")
    assert (task["repository_id"], task["project_id"]) == (LINK["id"], LINK["project_id"])
    assert task["output_mode"] == "patch_existing"


def test_a_name_that_is_not_linked_says_how_to_link_it(mgx: Mgx, server: Standin, tmp_path: Path) -> None:
    done = mgx("task", "x", "--repo", "octocat/shop", cwd=tmp_path)
    assert done.returncode == 5
    assert "mgx repo link octocat/shop" in done.stderr
    assert server.bodies("/api/tasks") == []


def test_one_that_several_projects_have_needs_the_project(mgx: Mgx, server: Standin, tmp_path: Path) -> None:
    server.links |= {LINK["id"]: LINK, "other": {**LINK, "id": "other"}}
    done = mgx("task", "x", "--repo", "octocat/shop", cwd=tmp_path)
    assert done.returncode == 2
    assert "--project" in done.stderr


def test_a_directory_of_that_name_is_meant_before_a_link(mgx: Mgx, server: Standin, repo: Path) -> None:
    server.links[LINK["id"]] = LINK
    wanted = f"{repo.parent.name}/{repo.name}"
    assert mgx("task", "x", "--yes", "--repo", wanted, cwd=repo.parent.parent).returncode == 0
    assert server.bodies(CONNECT)[0]["url"] == repo.as_uri()


def test_in_an_empty_directory_a_project_means_its_own_repository(mgx: Mgx, server: Standin, tmp_path: Path) -> None:
    server.links[LINK["id"]] = {**LINK, "is_primary": True}
    empty = tmp_path / "empty"
    empty.mkdir()
    done = mgx("task", "x", "--yes", "--project", "default", cwd=empty)
    assert done.returncode == 0, done.stderr
    assert server.bodies(CONNECT) == []
    (task,) = server.bodies("/api/tasks")
    assert (task["repository_id"], task["output_mode"]) == (LINK["id"], "patch_existing")
