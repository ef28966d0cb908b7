"""Repositories over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from projects.models import Project
from repositories.checkout_source import mirror_of
from repositories.git.eviction import generations
from repositories.models import RepositoryLink
from tests.conftest import CallerInTests, MakeCaller
from tests.factories import ProjectFactory, RepositoryLinkFactory
from tests.support.git_server import TOKEN, GitServer
from workspaces.models import AuditEntry, Event, Role

from .conftest import Git

pytestmark = pytest.mark.django_db


def connect(caller: CallerInTests, url: object, status: int = 201, **more: Any) -> Any:
    answer = caller.api.post("/api/repositories/connect", {"url": str(url), **more})
    assert answer.status_code == status, answer.json()
    return answer.json()


def project_of(caller: CallerInTests) -> Project:
    return Project.objects.for_workspace(caller.workspace.pk).get(slug="default")


def events_of(link_id: str) -> list[dict[str, Any]]:
    return list(Event.across_tenants.filter(repository_id=link_id).order_by("position").values_list("data", flat=True))


def test_connecting_checks_stores_and_tells(owner: CallerInTests, server: GitServer) -> None:
    link = connect(owner, f"{server.url}/code.git", credential=TOKEN)
    assert (link["status"], link["default_branch"], link["repo_full_name"]) == ("connected", "main", "code")
    assert (link["is_primary"], link["has_credential"], link["permissions"]) == (True, True, {"read": True})
    assert TOKEN not in str(link)
    project = project_of(owner)
    assert (str(project.primary_repository_id), project.repo_full_name) == (link["id"], "code")
    assert events_of(link["id"]) == [{"status": "connected", "repo_full_name": "code", "error": ""}]
    assert TOKEN not in str(list(AuditEntry.across_tenants.values()))
    assert owner.api.get(f"/api/repositories/{link['id']}/").json() == link


def test_connecting_again_refreshes_the_same_link(owner: CallerInTests, server: GitServer) -> None:
    first = connect(owner, f"{server.url}/code.git", credential=TOKEN)
    second = connect(owner, f"{server.url}/code.git", 200)
    assert second["id"] == first["id"]
    assert second["last_validated_at"] > first["last_validated_at"]
    assert len(events_of(first["id"])) == 1


def test_a_credential_in_the_url_is_stored_apart(owner: CallerInTests, server: GitServer) -> None:
    from urllib.parse import quote

    link = connect(owner, server.url.replace("://", f"://ada:{quote(TOKEN, safe='')}@") + "/code.git")
    assert link["clone_url"] == f"{server.url}/code.git"
    assert RepositoryLink.across_tenants.get().credential == f"ada:{TOKEN}"


@pytest.mark.parametrize(
    ("url", "credential", "status", "code"),
    [
        ("{server}/absent.git", TOKEN, 404, "repository_not_found"),
        ("{server}/code.git", "wrong-secret-token", 403, "no_access"),
        ("http://127.0.0.1:9/code.git", "", 502, "unreachable"),
        ("ext::sh -c touch% /tmp/x", "", 400, "bad_repository_name"),
        ("a/b/c", "", 400, "bad_repository_name"),
        ("/etc", "", 403, "local_path_refused"),
        ("http://169.254.169.254/x/y", "", 403, "address_refused"),
    ],
)
@pytest.mark.parametrize("path", ["test", "connect"])
def test_what_is_wrong_is_told(
    owner: CallerInTests, server: GitServer, url: str, credential: str, status: int, code: str, path: str
) -> None:
    body = {"url": url.format(server=server.url), "credential": credential}
    answer = owner.api.post(f"/api/repositories/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert not credential or credential not in answer.content.decode()
    assert not RepositoryLink.across_tenants.exists()


def test_testing_stores_nothing(owner: CallerInTests, server: GitServer) -> None:
    answer = owner.api.post("/api/repositories/test", {"url": f"{server.url}/empty.git", "credential": TOKEN})
    assert answer.json() == {"ok": True, "repo_full_name": "empty", "default_branch": "", "permissions": {"read": True}}
    assert not RepositoryLink.across_tenants.exists()


def test_a_local_repository_must_be_committed(owner: CallerInTests, origin: Path) -> None:
    (origin / "a.txt").write_text("changed")
    body = connect(owner, origin, 409)
    assert body["code"] == "repository_dirty"
    assert "a.txt" in body["detail"]
    assert "--allow-dirty" in body["hint"]
    link = connect(owner, origin, allow_dirty=True)
    assert (link["clone_url"], link["repo_full_name"]) == (origin.as_uri(), "origin")


def test_a_new_project_is_begun_in_an_empty_directory(owner: CallerInTests, root: Path, origin: Path) -> None:
    link = connect(owner, root / "new", create=True)
    assert (link["default_branch"], link["repo_full_name"]) == ("", "new")
    assert connect(owner, root / "new", 200, create=True)["id"] == link["id"]
    assert connect(owner, origin, 409, create=True)["code"] == "directory_not_empty"
    assert connect(owner, "https://git.example.org/a/b", 409, create=True)["code"] == "not_local"


def test_one_link_of_a_project_is_primary(owner: CallerInTests, origin: Path, root: Path) -> None:
    first = connect(owner, origin)
    second = connect(owner, root / "new", create=True)
    assert (first["is_primary"], second["is_primary"]) == (True, False)
    path = f"/api/repositories/{second['id']}"
    assert owner.api.patch(path, {"is_primary": True}).json()["is_primary"]
    assert not owner.api.get(f"/api/repositories/{first['id']}").json()["is_primary"]
    assert str(project_of(owner).primary_repository_id) == second["id"]
    assert owner.api.patch(path, {"is_primary": False}).status_code == 200
    assert project_of(owner).primary_repository_id is None


def test_disconnecting_lets_its_mirror_go(
    owner: CallerInTests, server: GitServer, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    link = connect(owner, f"{server.url}/code.git", credential=TOKEN)
    place = mirror_of(RepositoryLink.across_tenants.get())
    (place / "1").mkdir(parents=True)
    (place / "fetch.lock").touch()
    with django_capture_on_commit_callbacks(execute=True):
        assert owner.api.delete(f"/api/repositories/{link['id']}").status_code == 204
    assert generations(place) == []


def test_disconnecting_wipes_the_credential(owner: CallerInTests, server: GitServer) -> None:
    link = connect(owner, f"{server.url}/code.git", credential=TOKEN)
    path = f"/api/repositories/{link['id']}"
    assert owner.api.delete(path).status_code == 204
    assert owner.api.delete(path).status_code == 204
    row = RepositoryLink.across_tenants.get()
    assert (row.status, row.credential, row.is_primary) == ("disconnected", "", False)
    assert (project_of(owner).primary_repository_id, project_of(owner).repo_full_name) == (None, "")
    assert owner.api.get("/api/repositories").json()["items"] == []
    assert len(owner.api.get("/api/repositories?status=disconnected").json()["items"]) == 1
    assert owner.api.post(f"{path}/refresh").status_code == 404
    assert owner.api.patch(path, {"is_primary": True}).status_code == 409
    again = connect(owner, f"{server.url}/code.git", credential=TOKEN)
    assert again["id"] != link["id"]


def test_refreshing_says_what_is_wrong_now(owner: CallerInTests, server: GitServer) -> None:
    link = connect(owner, f"{server.url}/code.git", credential=TOKEN)
    shutil.move(server.root / "code.git", server.root / "gone.git")
    answer = owner.api.post(f"/api/repositories/{link['id']}/refresh").json()
    assert answer["status"] == "error"
    assert "does not exist or" in answer["last_error"]
    shutil.move(server.root / "gone.git", server.root / "code.git")
    assert owner.api.post(f"/api/repositories/{link['id']}/refresh").json()["status"] == "connected"
    assert [event["status"] for event in events_of(link["id"])] == ["connected", "error", "connected"]


def test_a_new_credential_is_tried_before_it_is_stored(owner: CallerInTests, server: GitServer) -> None:
    link = connect(owner, f"{server.url}/code.git", credential=TOKEN)
    path = f"/api/repositories/{link['id']}"
    assert owner.api.patch(path, {"credential": "wrong"}).status_code == 403
    assert RepositoryLink.across_tenants.get().credential == TOKEN
    assert owner.api.patch(path, {"credential": f"ada:{TOKEN}", "default_branch": "dev"}).json()["default_branch"] == "dev"
    assert RepositoryLink.across_tenants.get().credential == f"ada:{TOKEN}"
    assert owner.api.patch(path, {"default_branch": "-x"}).status_code == 400
    assert owner.api.patch(path, {"is_primary": True}, HTTP_IF_MATCH='"old"').status_code == 412


def test_an_idempotent_connect_answers_the_same(owner: CallerInTests, origin: Path) -> None:
    answers = [
        owner.api.post("/api/repositories/connect", {"url": str(origin)}, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def test_developers_read_and_admins_link(owner: CallerInTests, make_caller: MakeCaller, origin: Path) -> None:
    link = connect(owner, origin)
    developer = make_caller(Role.DEVELOPER, workspace=owner.workspace)
    assert developer.api.get("/api/repositories").json()["items"] == [link]
    for method, path in [("post", "/test"), ("post", "/connect"), ("patch", f"/{link['id']}"), ("delete", f"/{link['id']}")]:
        assert getattr(developer.api, method)(f"/api/repositories{path}", {"url": str(origin)}).status_code == 403


def test_another_tenant_sees_nothing(owner: CallerInTests, stranger: CallerInTests, origin: Path) -> None:
    link = connect(owner, origin)
    path = f"/api/repositories/{link['id']}"
    assert stranger.api.get("/api/repositories").json()["items"] == []
    for call in (stranger.api.get(path), stranger.api.patch(path, {"is_primary": True}), stranger.api.delete(path)):
        assert call.status_code == 404
    assert stranger.api.post(f"{path}/refresh").status_code == 404
    assert connect(stranger, origin, 404, project_id=link["project_id"])["code"] == "not_found"


def test_a_list_costs_the_same_for_many(owner: CallerInTests, django_assert_num_queries: Any) -> None:
    project = ProjectFactory(workspace=owner.workspace)
    owner.api.get("/api/repositories")  # a token's first use is written down
    for count in (2, 22):
        while RepositoryLink.across_tenants.count() < count:
            RepositoryLinkFactory(workspace=owner.workspace, project=project)
        with django_assert_num_queries(3):
            assert len(owner.api.get("/api/repositories").json()["items"]) == count


def test_the_branch_that_the_owner_is_on_is_the_default(owner: CallerInTests, origin: Path, sh: Git) -> None:
    sh("checkout", "-q", "-b", "work", cwd=origin)
    assert connect(owner, origin)["default_branch"] == "work"
