"""Where a run's code comes from, and where its owner finds the result."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mgx_project.common.errors import Conflict, NotFound
from repositories.checkout_source import Origin, origin_of, publish
from repositories.git import local_repositories
from repositories.git.checkout import Checkout
from tests.factories import MembershipFactory, ProjectFactory, RepositoryLinkFactory

from .conftest import Git


@pytest.mark.django_db
def test_the_named_link_else_the_primary_else_none() -> None:
    workspace = MembershipFactory().workspace
    project = ProjectFactory(workspace=workspace)
    scope = {"workspace_id": workspace.pk, "project_id": project.pk}
    assert origin_of(**scope, repository_id=None) == Origin()
    primary = RepositoryLinkFactory(workspace=workspace, project=project, is_primary=True, credential="secret")
    other = RepositoryLinkFactory(workspace=workspace, project=project)
    found = origin_of(**scope, repository_id=None)
    assert (found.url, found.credential) == (primary.clone_url, "secret")
    assert "secret" not in repr(found)
    assert "secret" not in repr(found.source())
    assert origin_of(**scope, repository_id=other.pk).url == other.clone_url
    foreign = RepositoryLinkFactory()
    for missing in (uuid.uuid4(), foreign.pk):
        with pytest.raises(NotFound, match="no longer linked"):
            origin_of(**scope, repository_id=missing)


async def test_a_dirty_checkout_stops_the_first_clone_only(tmp_path: Path, origin: Path) -> None:
    (origin / "a.txt").write_text("changed")
    source = Origin("x", origin.as_uri()).source()
    with pytest.raises(Conflict, match=r"uncommitted changes: a\.txt"):
        await Checkout.create(tmp_path / "run", source)
    checkout = await Checkout.create(tmp_path / "run", Origin("x", origin.as_uri(), allow_dirty=True).source())
    assert (checkout.root / "a.txt").read_text() == "one\ntwo\nthree\n"
    await Checkout.create(tmp_path / "again", source, sha=checkout.base_sha)


async def test_a_new_project_ends_with_its_files_in_place(tmp_path: Path, root: Path, sh: Git) -> None:
    new = root / "new"
    await local_repositories.prepare_new(new)
    place = Origin("new", new.as_uri())
    checkout = await Checkout.create(tmp_path / "run", place.source())
    (checkout.root / "main.py").write_text("print('x')\n")
    sha = await checkout.commit(
        await checkout.tree(), message="m", author=("A", "a@example.com"), date=datetime(2026, 1, 1, tzinfo=UTC)
    )
    await checkout.push(sha, "mgx/x/run-1")
    assert await publish(place, "mgx/x/run-1") == new
    assert (new / "main.py").read_text() == "print('x')\n"
    assert sh("rev-parse", "HEAD", cwd=new) == sha
    assert await publish(Origin("r", "https://h.example/r"), "x") is None
