"""Limits of a workspace: a strict schema, set by operators only, and kept when many ask at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from projects.models import Project
from tests.conftest import Api, CallerInTests, MakeCaller
from tests.factories import UserFactory
from tests.support.patience import SOON
from workspaces.models import Membership, Role, User, Workspace

NAMES = {"running_runs", "queued_runs", "projects", "members", "storage_bytes", "requests_per_minute"}


def limit(caller: CallerInTests, **limits: int | None) -> None:
    Workspace.objects.filter(pk=caller.workspace.pk).update(limits=limits)


def at_once(number: int, act: Callable[[int], int]) -> list[int]:
    """The answers' statuses of ``number`` threads that begin together."""
    barrier = Barrier(number)

    def one(n: int) -> int:
        try:
            barrier.wait(timeout=SOON)
            return act(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_a_workspace_shows_the_limits_that_hold(owner: CallerInTests, settings: Any) -> None:
    settings.MGX_LIMITS = {**settings.MGX_LIMITS, "projects": 7, "members": 0}
    limit(owner, queued_runs=3)
    shown = owner.api.get(f"/api/workspaces/{owner.workspace.pk}").json()["limits"]
    assert set(shown) == NAMES
    assert (shown["queued_runs"], shown["projects"], shown["members"]) == (3, 7, None)
    listed = owner.api.get("/api/workspaces").json()["items"][0]["limits"]
    assert listed == shown


def test_a_tenant_does_not_raise_its_own_limits(owner: CallerInTests) -> None:
    before = Workspace.objects.get(pk=owner.workspace.pk).limits
    answer = owner.api.patch(f"/api/workspaces/{owner.workspace.pk}", {"limits": {"projects": 1_000}})
    assert answer.status_code == 403, answer.content
    assert "operator" in answer.json()["detail"]
    assert Workspace.objects.get(pk=owner.workspace.pk).limits == before


def test_an_operator_sets_limits_over_the_api(owner: CallerInTests) -> None:
    User.objects.filter(pk=owner.user.pk).update(is_staff=True)
    path = f"/api/workspaces/{owner.workspace.pk}"
    answer = owner.api.patch(path, {"limits": {"projects": 9, "members": None}})
    assert answer.status_code == 200, answer.content
    assert answer.json()["limits"]["projects"] == 9
    assert Workspace.objects.get(pk=owner.workspace.pk).limits == {"projects": 9}


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"project": 1}, "limits.project"),
        ({"projects": -1}, "limits.projects"),
        ({"projects": "1"}, "limits.projects"),
        ({"projects": True}, "limits.projects"),
        ({"projects": 1.5}, "limits.projects"),
        ({"storage_bytes": 2**53}, "limits.storage_bytes"),
        ({"projects": {"a": 1}}, "limits.projects"),
    ],
)
def test_limits_are_a_strict_schema(owner: CallerInTests, limits: dict[str, Any], field: str) -> None:
    User.objects.filter(pk=owner.user.pk).update(is_staff=True)
    answer = owner.api.patch(f"/api/workspaces/{owner.workspace.pk}", {"limits": limits})
    assert answer.status_code == 400, answer.content
    assert field in [error["field"] for error in answer.json()["errors"]], answer.content
    if field == "limits.project":
        assert "storage_bytes" in answer.json()["detail"], "the known names are said"


def test_no_more_projects_than_the_limit(owner: CallerInTests) -> None:
    limit(owner, projects=2)
    assert owner.api.post("/api/projects", {"name": "One"}).status_code == 201
    answer = owner.api.post("/api/projects", {"name": "Two"})
    assert (answer.status_code, answer.json()["code"]) == (409, "limit_reached")
    assert "2 projects" in answer.json()["detail"] and "operator" in answer.json()["hint"]
    limit(owner, projects=0)
    assert owner.api.post("/api/projects", {"name": "Two"}).status_code == 201, "0 is no limit"


def test_no_more_members_than_the_limit(owner: CallerInTests, signed_in: Callable[[User], Api]) -> None:
    limit(owner, members=2)
    path = f"/api/workspaces/{owner.workspace.pk}/invitations"
    tokens = [owner.api.post(path, {"role": Role.VIEWER}).json()["token"] for _ in range(2)]
    answers = [signed_in(UserFactory()).post("/api/invitations/accept", {"token": token}) for token in tokens]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["code"] == "limit_reached"


@pytest.mark.django_db(transaction=True)
def test_projects_that_are_made_at_once_do_not_pass_the_limit(make_caller: MakeCaller) -> None:
    caller = make_caller(Role.OWNER)
    limit(caller, projects=4)

    def make(n: int) -> int:
        api = Api()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {caller.token}")
        return int(api.post("/api/projects", {"name": f"p{n}"}).status_code)

    answers = at_once(8, make)
    assert sorted(answers) == [201] * 3 + [409] * 5
    assert Project.objects.for_workspace(caller.workspace.pk).count() == 4


@pytest.mark.django_db(transaction=True)
def test_members_that_are_added_at_once_do_not_pass_the_limit(make_caller: MakeCaller) -> None:
    from workspaces.members import add_member

    caller = make_caller(Role.OWNER)
    limit(caller, members=3)
    users = [UserFactory().username for _ in range(6)]

    def add(n: int) -> int:
        try:
            add_member(principal=caller.principal, user=users[n], role=Role.VIEWER)
        except Exception as error:
            return int(getattr(error, "http_status", 500))
        return 201

    assert sorted(at_once(6, add)) == [201] * 2 + [409] * 4
    assert Membership.objects.filter(workspace=caller.workspace).count() == 3


@pytest.mark.django_db
def test_who_may_create_workspaces_is_a_setting(signed_in: Callable[[User], Api], settings: Any) -> None:
    settings.MGX_WORKSPACE_CREATION = "staff"
    answer = signed_in(UserFactory()).post("/api/workspaces", {"name": "Acme", "slug": "acme"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert "operator" in answer.json()["detail"]
    assert not Workspace.objects.exists()
    assert "invite" in signed_in(UserFactory()).get("/api/tasks").json()["detail"]
    assert signed_in(UserFactory(is_staff=True)).post("/api/workspaces", {"name": "A", "slug": "acme"}).status_code == 201
    settings.MGX_WORKSPACE_CREATION = "anyone"
    assert signed_in(UserFactory()).post("/api/workspaces", {"name": "B", "slug": "beta"}).status_code == 201


@pytest.mark.django_db
def test_a_token_is_no_way_around_who_may_create_workspaces(owner: CallerInTests, settings: Any) -> None:
    settings.MGX_WORKSPACE_CREATION = "staff"
    assert owner.api.post("/api/workspaces", {"name": "Acme", "slug": "acme"}).status_code == 403


@pytest.mark.django_db
def test_a_new_workspace_gets_the_operators_budget_and_can_only_add_stricter_ones(
    signed_in: Callable[[User], Api], settings: Any
) -> None:
    settings.MGX_WORKSPACE_CREATION = "anyone"
    settings.MGX_WORKSPACE_MONTHLY_USD, settings.MGX_WORKSPACE_MONTHLY_TOKENS = "12.5", 1_000_000
    api = signed_in(UserFactory())
    api.post("/api/workspaces", {"name": "Acme", "slug": "acme"})
    (budget,) = api.get("/api/budgets").json()["items"]
    assert (budget["max_cost_usd"], budget["max_tokens"]) == ("12.500000", 1_000_000)
    assert (budget["period"], budget["set_by_operator"]) == ("month", True)
    path = f"/api/budgets/{budget['id']}"
    for refused in (api.patch(path, {"max_cost_usd": "1000"}), api.patch(path, {"max_cost_usd": None}), api.delete(path)):
        assert refused.status_code == 403, refused.content
        assert "operator" in refused.json()["detail"]
    own = api.post("/api/budgets", {"max_cost_usd": "5"})
    assert own.status_code == 201, own.content
    assert own.json()["set_by_operator"] is False
    assert api.post("/api/budgets", {"max_calls": 1, "period": "total", "set_by_operator": True}).status_code == 400
    assert api.patch(f"/api/budgets/{own.json()['id']}", {"set_by_operator": True}).status_code == 400
