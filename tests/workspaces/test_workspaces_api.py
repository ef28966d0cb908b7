"""Workspaces and members over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from projects.models import Project
from tests.conftest import Api, CallerInTests, MakeCaller
from tests.factories import MembershipFactory, ProjectFactory, UserFactory, WorkspaceFactory
from workspaces.models import AuditEntry, Membership, Role, User, Workspace

pytestmark = pytest.mark.django_db


def test_a_new_workspace_has_its_maker_as_owner_and_a_default_project(signed_in: Callable[[User], Api]) -> None:
    api = signed_in(UserFactory())
    answer = api.post("/api/workspaces", {"name": "Acme", "slug": "acme"})
    assert answer.status_code == 201, answer.data
    assert answer.data["role"] == "owner"
    assert answer["ETag"]
    assert [p.slug for p in Project.objects.for_workspace(answer.data["id"])] == ["default"]
    assert [w["slug"] for w in api.get("/api/workspaces").json()["items"]] == ["acme"]


def test_a_taken_slug_is_a_conflict_in_any_case_of_letters(signed_in: Callable[[User], Api]) -> None:
    WorkspaceFactory(slug="acme")
    answer = signed_in(UserFactory()).post("/api/workspaces", {"name": "Other", "slug": "ACME"})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "slug"


def test_making_a_workspace_twice_with_one_key_makes_one(signed_in: Callable[[User], Api]) -> None:
    api = signed_in(UserFactory())
    first, second = (
        api.post("/api/workspaces", {"name": "Acme", "slug": "acme"}, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert Workspace.objects.count() == 1


def test_the_list_holds_only_the_callers_workspaces_with_the_role_in_each(signed_in: Callable[[User], Api]) -> None:
    user = UserFactory()
    MembershipFactory(user=user, role=Role.VIEWER, workspace__slug="mine")
    MembershipFactory(workspace__slug="theirs")
    assert [(w["slug"], w["role"]) for w in signed_in(user).get("/api/workspaces").json()["items"]] == [("mine", "viewer")]


def test_an_api_token_sees_its_own_workspace_only(owner: CallerInTests) -> None:
    other = MembershipFactory(user=owner.user)
    listed = owner.api.get("/api/workspaces").json()["items"]
    assert [w["id"] for w in listed] == [str(owner.workspace.pk)]
    assert owner.api.get(f"/api/workspaces/{other.workspace_id}").status_code == 404


def test_a_user_of_two_workspaces_must_say_which(signed_in: Callable[[User], Api]) -> None:
    user = UserFactory()
    one, two = MembershipFactory(user=user), MembershipFactory(user=user)
    api = signed_in(user)
    answer = api.get("/api/tasks")
    assert answer.status_code == 400
    assert one.workspace.slug in answer.json()["detail"]
    assert two.workspace.slug in answer.json()["detail"]
    assert api.get("/api/tasks", headers={"X-Workspace-Id": str(one.workspace_id)}).status_code == 200
    assert api.get("/api/tasks", headers={"X-Workspace-Slug": two.workspace.slug}).status_code == 200
    assert api.get(f"/api/tasks?workspace={two.workspace.slug}").status_code == 200
    assert api.get("/api/tasks", headers={"X-Workspace-Slug": "nobodys"}).status_code == 404


def test_a_stale_etag_changes_nothing(owner: CallerInTests) -> None:
    path = f"/api/workspaces/{owner.workspace.pk}"
    seen = owner.api.get(path)["ETag"]
    changed = owner.api.patch(path, {"name": "New"}, headers={"If-Match": seen})
    assert changed.status_code == 200
    assert changed["ETag"] != seen
    assert owner.api.patch(path, {"name": "Newer"}, headers={"If-Match": seen}).status_code == 412
    assert owner.api.get(path).json()["name"] == "New"


def test_deleting_a_workspace_needs_its_owner(owner: CallerInTests, make_caller: MakeCaller) -> None:
    path = f"/api/workspaces/{owner.workspace.pk}"
    assert make_caller(Role.ADMIN, owner.workspace).api.delete(path).status_code == 403
    assert owner.api.delete(path).status_code == 204
    assert not Workspace.objects.filter(pk=owner.workspace.pk).exists()


def test_owners_change_and_remove_members_and_add_nobody(owner: CallerInTests) -> None:
    path = f"/api/workspaces/{owner.workspace.pk}/members"
    user = MembershipFactory(workspace=owner.workspace, role=Role.DEVELOPER).user
    stranger = UserFactory()
    for name in (stranger.username, stranger.email, "nobody"):
        answer = owner.api.post(path, {"user": name, "role": "developer"})
        assert answer.status_code == 405
        assert stranger.email not in answer.content.decode()
    assert owner.api.patch(f"{path}/{user.pk}", {"role": "admin"}).json()["role"] == "admin"
    assert {m["username"] for m in owner.api.get(path).json()["items"]} == {owner.user.username, user.username}
    assert owner.api.get(f"{path}/{user.pk}").json()["role"] == "admin"
    assert owner.api.delete(f"{path}/{user.pk}").status_code == 204
    assert owner.api.get(f"{path}/{user.pk}").status_code == 404
    actions = AuditEntry.objects.for_workspace(owner.workspace.pk).values_list("action", flat=True)
    assert {"member.changed", "member.removed"} <= set(actions)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, Role.ADMIN])
def test_others_may_look_at_members_and_not_touch_them(owner: CallerInTests, make_caller: MakeCaller, role: Role) -> None:
    caller = make_caller(role, owner.workspace)
    path = f"/api/workspaces/{owner.workspace.pk}/members"
    assert caller.api.get(path).status_code == 200
    assert caller.api.patch(f"{path}/{caller.user.pk}", {"role": "owner"}).status_code == 403
    assert caller.api.delete(f"{path}/{owner.user.pk}").status_code == 403


def test_the_last_owner_stays(owner: CallerInTests) -> None:
    path = f"/api/workspaces/{owner.workspace.pk}/members/{owner.user.pk}"
    for answer in (owner.api.delete(path), owner.api.patch(path, {"role": "viewer"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    MembershipFactory(workspace=owner.workspace, role=Role.OWNER)
    assert owner.api.delete(path).status_code == 204
    assert Membership.objects.filter(workspace=owner.workspace, role=Role.OWNER).count() == 1


def test_addresses_are_for_admins_and_everybodys_own(owner: CallerInTests, make_caller: MakeCaller) -> None:
    developer = make_caller(Role.DEVELOPER, owner.workspace)
    path = f"/api/workspaces/{owner.workspace.pk}/members"
    shown = {m["username"]: m["email"] for m in developer.api.get(path).json()["items"]}
    assert shown == {owner.user.username: "", developer.user.username: developer.user.email}
    assert developer.api.get(f"{path}/{owner.user.pk}").json()["email"] == ""
    admin = make_caller(Role.ADMIN, owner.workspace)
    assert all(m["email"] for m in admin.api.get(path).json()["items"])


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, Role.ADMIN])
def test_everybody_may_leave(owner: CallerInTests, make_caller: MakeCaller, role: Role) -> None:
    caller = make_caller(role, owner.workspace)
    assert caller.api.delete(f"/api/workspaces/{owner.workspace.pk}/members/{caller.user.pk}").status_code == 204
    assert caller.api.get("/api/tasks").status_code == 401
    assert AuditEntry.objects.for_workspace(owner.workspace.pk).filter(action="member.left", user=caller.user).exists()


def test_a_small_token_can_not_make_its_user_leave(owner: CallerInTests, make_caller: MakeCaller) -> None:
    admin = make_caller(Role.ADMIN, owner.workspace)
    small = Api()
    secret = admin.api.post("/api/tokens", {"name": "ci", "role": "viewer"}).json()["token"]
    small.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    path = f"/api/workspaces/{owner.workspace.pk}/members/{admin.user.pk}"
    assert small.delete(path).status_code == 403
    assert admin.api.delete(path).status_code == 204


ID_LIKE = [
    "01a225ef-dcd7-756a-8fa1-e0a18f92caab", "01A225EF-DCD7-756A-8FA1-E0A18F92CAAB", "0" * 32,
    "01a225efdcd7756a8fa1e0a18f92caab",
    "01a225ef_dcd7_756a_8fa1_e0a18f92caab", "01a225efdcd7-756a8fa1e0a18f92caab", "-01a225efdcd7756a8fa1e0a18f92caab-",
]  # fmt: skip


@pytest.mark.parametrize("slug", ID_LIKE)
def test_a_slug_never_looks_like_an_id(owner: CallerInTests, signed_in: Callable[[User], Api], slug: str) -> None:
    answers = [
        signed_in(UserFactory()).post("/api/workspaces", {"name": "Other", "slug": slug}),
        owner.api.patch(f"/api/workspaces/{owner.workspace.pk}", {"slug": slug}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "slug")


def test_a_slug_of_before_that_is_anothers_id_shadows_nobody(signed_in: Callable[[User], Api]) -> None:
    user = UserFactory()
    mine = MembershipFactory(user=user)
    MembershipFactory(user=user, workspace__slug=str(mine.workspace_id))
    answer = signed_in(user).get("/api/projects", headers={"X-Workspace-Slug": str(mine.workspace_id)})
    assert answer.status_code == 200
    ProjectFactory(workspace=mine.workspace, slug="of-mine")
    listed = signed_in(user).get(f"/api/projects?workspace={mine.workspace_id}").json()["items"]
    assert [project["slug"] for project in listed] == ["of-mine"]


def test_a_token_acts_in_no_workspace_but_its_own(owner: CallerInTests) -> None:
    other = MembershipFactory(user=owner.user, role=Role.OWNER).workspace
    own = owner.workspace
    wrong = [{"X-Workspace-Slug": "nope"}, {"X-Workspace-Id": str(other.pk)}, {"X-Workspace-Slug": other.slug}]
    wrong.append({"X-Workspace-Id": str(own.pk), "X-Workspace-Slug": other.slug})
    paths = ["/api/tasks", "/api/me", "/api/workspaces", "/api/tokens", f"/api/workspaces/{own.pk}"]
    paths.append(f"/api/workspaces/{own.pk}/members")
    for path in paths:
        for headers in wrong:
            answer = owner.api.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "workspace_mismatch"), (path, headers)
            assert own.slug in answer.json()["detail"]
        for headers in ({"X-Workspace-Slug": own.slug.upper()}, {"X-Workspace-Id": str(own.pk)}):
            assert owner.api.get(path, headers=headers).status_code == 200, (path, headers)
    assert owner.api.get(f"/api/tasks?workspace={other.slug}").json()["code"] == "workspace_mismatch"
    assert owner.api.post("/api/tasks", {"description": "x"}, headers=wrong[0]).status_code == 403
    assert owner.api.post("/api/auth/ws-ticket", headers=wrong[0]).status_code == 403
