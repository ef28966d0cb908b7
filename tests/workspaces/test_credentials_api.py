"""Signing in, API tokens, tickets: what is shown, what is stored and who may."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.conftest import Api, CallerInTests, MakeCaller
from tests.factories import PASSWORD, UserFactory
from workspaces.models import ApiToken, IdempotencyRecord, Role, WsTicket

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("empty_cache")
def test_a_password_buys_a_pair_that_can_be_refreshed_once_and_revoked() -> None:
    user, api = UserFactory(), Api()
    pair = api.post("/api/auth/token", {"username": user.username, "password": PASSWORD}).json()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    me = api.get("/api/me").json()
    assert (me["username"], me["token"], me["workspaces"]) == (user.username, None, [])
    fresh = api.post("/api/auth/refresh", {"refresh": pair["refresh"]}).json()
    assert api.post("/api/auth/revoke", {"refresh": fresh["refresh"]}).status_code == 200
    assert api.post("/api/auth/refresh", {"refresh": fresh["refresh"]}).status_code == 401


@pytest.mark.usefixtures("empty_cache")
def test_a_wrong_password_is_a_problem_document_and_guessing_is_slowed_down() -> None:
    user, api = UserFactory(), Api()
    answers = [api.post("/api/auth/token", {"username": user.username, "password": "wrong"}) for _ in range(6)]
    assert [a.status_code for a in answers] == [401] * 5 + [429]
    assert answers[0].json()["status"] == 401
    assert int(answers[-1]["Retry-After"]) >= 1


@pytest.mark.usefixtures("empty_cache")
def test_a_refresh_token_of_a_deleted_account_is_refused() -> None:
    user, api = UserFactory(), Api()
    pair = api.post("/api/auth/token", {"username": user.username, "password": PASSWORD}).json()
    user.delete()
    assert api.post("/api/auth/refresh", {"refresh": pair["refresh"]}).status_code == 401
    assert api.get("/api/me", headers={"Authorization": f"Bearer {pair['access']}"}).status_code == 401


def test_a_token_is_shown_once_and_stored_hashed(owner: CallerInTests) -> None:
    made = owner.api.post("/api/tokens", {"name": "ci", "role": "developer"})
    secret = made.json()["token"]
    assert made.status_code == 201
    assert secret.startswith("mgx_")
    stored = ApiToken.objects.for_workspace(owner.workspace.pk).filter(name="ci").values().get()
    assert secret not in str(stored)
    assert secret not in owner.api.get("/api/tokens").content.decode()
    assert secret not in owner.api.get(f"/api/tokens/{made.json()['id']}").content.decode()
    caller = Api()
    caller.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert caller.get("/api/me").json()["token"]["role"] == "developer"


def test_a_replayed_token_request_does_not_show_the_secret_again(owner: CallerInTests) -> None:
    headers = {"Idempotency-Key": "once"}
    secret = owner.api.post("/api/tokens", {"name": "ci"}, headers=headers).json()["token"]
    again = owner.api.post("/api/tokens", {"name": "ci"}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    records = list(IdempotencyRecord.objects.for_workspace(owner.workspace.pk).values())
    assert records
    assert secret not in str(records)


def test_a_revoked_token_is_refused_at_once(owner: CallerInTests) -> None:
    made = owner.api.post("/api/tokens", {"name": "ci"}).json()
    assert owner.api.delete(f"/api/tokens/{made['id']}").status_code == 204
    caller = Api()
    caller.credentials(HTTP_AUTHORIZATION=f"Bearer {made['token']}")
    assert caller.get("/api/me").status_code == 401


def test_nobody_makes_a_token_above_the_own_role(owner: CallerInTests, make_caller: MakeCaller) -> None:
    developer = make_caller(Role.DEVELOPER, owner.workspace)
    assert developer.api.post("/api/tokens", {"name": "up", "role": "admin"}).status_code == 403
    assert developer.api.post("/api/tokens", {"name": "same"}).json()["role"] == "developer"


def test_a_token_that_a_token_makes_does_not_outlive_it(owner: CallerInTests) -> None:
    until = timezone.now() + timedelta(days=1)
    ApiToken.objects.for_workspace(owner.workspace.pk).update(expires_at=until)
    for body in ({"name": "a"}, {"name": "b", "expires_at": (until + timedelta(days=9)).isoformat()}):
        made = owner.api.post("/api/tokens", body).json()
        assert ApiToken.objects.for_workspace(owner.workspace.pk).get(pk=made["id"]).expires_at == until


def test_members_see_their_own_tokens_and_admins_all(owner: CallerInTests, make_caller: MakeCaller) -> None:
    viewer = make_caller(Role.VIEWER, owner.workspace)
    assert {t["user_id"] for t in viewer.api.get("/api/tokens").json()["items"]} == {str(viewer.user.pk)}
    assert len(owner.api.get("/api/tokens").json()["items"]) == 2
    foreign = ApiToken.objects.for_workspace(owner.workspace.pk).get(user=owner.user)
    assert viewer.api.delete(f"/api/tokens/{foreign.pk}").status_code == 404


def test_an_expired_expiry_is_refused(owner: CallerInTests) -> None:
    assert owner.api.post("/api/tokens", {"name": "x", "expires_at": "2001-01-01T00:00:00Z"}).status_code == 400


def test_a_ticket_is_stored_hashed(owner: CallerInTests) -> None:
    answer = owner.api.post("/api/auth/ws-ticket")
    assert (answer.status_code, answer.json()["expires_in"]) == (201, 30)
    assert answer.json()["ticket"] not in json.dumps(list(WsTicket.across_tenants.values()), default=str)


def test_no_token_and_a_wrong_one_are_401_with_a_challenge(db: None) -> None:
    api = Api()
    for headers in ({}, {"Authorization": "Bearer mgx_nonsense"}, {"Authorization": "Bearer a.b.c"}):
        answer = api.get("/api/tasks", headers=headers)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
