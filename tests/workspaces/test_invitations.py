"""Nobody becomes a member without saying yes, and an invitation does what it says, once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.conftest import Api, CallerInTests, MakeCaller
from tests.factories import MembershipFactory, UserFactory
from workspaces.models import AuditEntry, Invitation, Membership, Role, User

pytestmark = pytest.mark.django_db
ACCEPT = "/api/invitations/accept"
SignedIn = Callable[[User], Api]


def path(caller: CallerInTests) -> str:
    return f"/api/workspaces/{caller.workspace.pk}/invitations"


def invite(caller: CallerInTests, **body: str) -> tuple[str, str]:
    answer = caller.api.post(path(caller), body)
    assert answer.status_code == 201, answer.content
    return answer.json()["id"], answer.json()["token"]


def test_an_invited_person_joins_by_their_own_act(owner: CallerInTests, signed_in: SignedIn) -> None:
    user = UserFactory()
    _, token = invite(owner, role="viewer")
    assert not Membership.objects.filter(user=user).exists()
    answer = signed_in(user).post(ACCEPT, {"token": token})
    assert (answer.status_code, answer.json()["slug"], answer.json()["role"]) == (200, owner.workspace.slug, "viewer")
    assert Membership.objects.get(user=user).role == "viewer"
    actions = set(AuditEntry.objects.for_workspace(owner.workspace.pk).values_list("action", "user_id"))
    assert {("invitation.created", owner.user.pk), ("member.joined", user.pk)} <= actions
    (listed,) = owner.api.get(path(owner)).json()["items"]
    assert (listed["accepted_by"], listed["accepted_at"] is not None) == (user.username, True)


def test_the_secret_is_shown_once_and_stored_hashed(owner: CallerInTests) -> None:
    number, token = invite(owner)
    assert token not in str(list(Invitation.across_tenants.values()))
    for shown in (owner.api.get(path(owner)), owner.api.get(f"{path(owner)}/{number}")):
        assert shown.status_code == 200
        assert token not in shown.content.decode()


def test_an_invitation_is_good_for_one_person(owner: CallerInTests, signed_in: SignedIn) -> None:
    _, token = invite(owner)
    first, second = UserFactory(), UserFactory()
    assert signed_in(first).post(ACCEPT, {"token": token}).status_code == 200
    answer = signed_in(second).post(ACCEPT, {"token": token})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_invitation")
    again = signed_in(first).post(ACCEPT, {"token": token})
    assert (again.status_code, again.json()["code"]) == (409, "already_member")


def test_one_that_was_used_brings_nobody_back(owner: CallerInTests, signed_in: SignedIn) -> None:
    _, token = invite(owner)
    user = UserFactory()
    signed_in(user).post(ACCEPT, {"token": token})
    assert owner.api.delete(f"/api/workspaces/{owner.workspace.pk}/members/{user.pk}").status_code == 204
    assert signed_in(user).post(ACCEPT, {"token": token}).status_code == 404


def test_a_withdrawn_or_old_one_is_worth_nothing(owner: CallerInTests, signed_in: SignedIn) -> None:
    number, withdrawn = invite(owner)
    assert owner.api.delete(f"{path(owner)}/{number}").status_code == 204
    _, old = invite(owner)
    Invitation.objects.for_workspace(owner.workspace.pk).exclude(pk=number).update(
        expires_at=timezone.now() - timedelta(seconds=5)
    )
    for token in (withdrawn, old, "mgxi_nonsense"):
        assert signed_in(UserFactory()).post(ACCEPT, {"token": token}).status_code == 404
    assert Membership.objects.filter(workspace=owner.workspace).count() == 1


def test_one_with_an_address_is_for_that_account(owner: CallerInTests, signed_in: SignedIn) -> None:
    user = UserFactory(email="ada@example.org")
    _, token = invite(owner, email="Ada@example.org")
    assert signed_in(UserFactory()).post(ACCEPT, {"token": token}).status_code == 404
    assert signed_in(user).post(ACCEPT, {"token": token}).status_code == 200


def test_inviting_tells_nothing_about_accounts(owner: CallerInTests) -> None:
    known = UserFactory(email="ada@example.org")
    answers = [owner.api.post(path(owner), {"email": email}).json() for email in (known.email, "nobody@example.org")]
    assert [sorted(answer) for answer in answers] == [sorted(answers[0])] * 2
    assert known.username not in str(answers)


def test_an_invitation_changes_no_role(owner: CallerInTests, make_caller: MakeCaller, signed_in: SignedIn) -> None:
    viewer = make_caller(Role.VIEWER, owner.workspace)
    _, token = invite(owner, role="owner")
    for user in (viewer.user, owner.user):
        answer = signed_in(user).post(ACCEPT, {"token": token})
        assert (answer.status_code, answer.json()["code"]) == (409, "already_member")
    assert Membership.objects.get(user=viewer.user).role == "viewer"


def test_it_ends_with_the_right_of_its_maker(owner: CallerInTests, make_caller: MakeCaller, signed_in: SignedIn) -> None:
    second = make_caller(Role.OWNER, owner.workspace)
    _, token = invite(second, role="owner")
    Membership.objects.filter(user=second.user).update(role=Role.VIEWER)
    assert signed_in(UserFactory()).post(ACCEPT, {"token": token}).status_code == 404


def test_an_api_token_says_yes_to_nothing(owner: CallerInTests, stranger: CallerInTests) -> None:
    _, token = invite(owner)
    answer = stranger.api.post(ACCEPT, {"token": token})
    assert (answer.status_code, answer.json()["code"]) == (403, "person_needed")
    assert Api().post(ACCEPT, {"token": token}).status_code == 401


def test_only_owners_invite(owner: CallerInTests, make_caller: MakeCaller) -> None:
    for role, seen in ((Role.ADMIN, 200), (Role.DEVELOPER, 403), (Role.VIEWER, 403)):
        caller = make_caller(role, owner.workspace)
        assert caller.api.post(path(owner), {}).status_code == 403
        assert caller.api.get(path(owner)).status_code == seen
        assert caller.api.delete(f"{path(owner)}/{uuid.uuid4()}").status_code == 403


@pytest.mark.parametrize("days", [-1, 31])
def test_its_time_has_bounds(owner: CallerInTests, days: int) -> None:
    until = (timezone.now() + timedelta(days=days)).isoformat()
    answer = owner.api.post(path(owner), {"expires_at": until})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "expires_at")


def test_an_accepted_one_is_not_withdrawn(owner: CallerInTests, signed_in: SignedIn) -> None:
    number, token = invite(owner)
    signed_in(UserFactory()).post(ACCEPT, {"token": token})
    assert owner.api.delete(f"{path(owner)}/{number}").status_code == 409


def test_a_person_without_consent_keeps_one_workspace(owner: CallerInTests, signed_in: SignedIn) -> None:
    """A stranger can't make somebody's calls ambiguous."""
    user = MembershipFactory().user
    invite(owner, email=user.email)
    assert signed_in(user).get("/api/tasks").status_code == 200
