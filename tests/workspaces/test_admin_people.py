"""Operators add and invite members and make tokens, with at most their own rights; a secret is shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mgx_project.common.errors import NotFound
from tests.factories import MembershipFactory, UserFactory
from workspaces.invitations import accept_invitation
from workspaces.models import ApiToken, AuditEntry, Invitation, Membership
from workspaces.tokens import find_api_token

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"


def page(noun: str, name: str, *args: Any) -> str:
    return reverse(f"admin:workspaces_{noun}_{name}", args=args)


def staff(role: str = "owner", **fields: Any) -> tuple[Membership, Client]:
    membership = MembershipFactory(user=UserFactory(is_staff=True), role=role, **fields)
    client = Client()
    client.force_login(membership.user)
    return membership, client


def superuser() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def test_a_superuser_adds_a_member() -> None:
    workspace, browser = MembershipFactory(role="owner").workspace, superuser()
    user = UserFactory(email="ada@example.org")
    body = {"workspace": workspace.pk, "account": "ada@example.org", "role": "developer"}
    assert browser.post(page("membership", "add"), body).status_code == 302
    assert Membership.objects.get(user=user).role == "developer"
    assert str(AuditEntry.across_tenants.get(action="member.added").user_id) == browser.session["_auth_user_id"]
    again = browser.post(page("membership", "add"), body, follow=True).content.decode()
    assert "is already a member" in again
    unknown = browser.post(page("membership", "add"), {**body, "account": EVIL}, follow=True).content.decode()
    assert "There is no account" in unknown
    assert EVIL not in unknown


def test_an_owner_adds_nobody_by_name() -> None:
    """It would tell whose accounts exist, and make members without their consent."""
    owner, browser = staff()
    user = UserFactory()
    body = {"workspace": owner.workspace_id, "account": user.username, "role": "developer"}
    assert browser.get(page("membership", "add")).status_code == 403
    assert browser.post(page("membership", "add"), body).status_code == 403
    assert not Membership.objects.filter(user=user).exists()


def test_an_owner_invites_and_withdraws() -> None:
    owner, browser = staff()
    body = {"workspace": owner.workspace_id, "role": "viewer", "email": ""}
    answer = browser.post(page("invitation", "add"), body)
    found = re.search(r"mgxi_[\w-]{30,}", answer.content.decode())
    assert found and "no-store" in answer["Cache-Control"]
    row = Invitation.across_tenants.get()
    assert found[0] not in browser.get(page("invitation", "change", row.pk)).content.decode()
    user = UserFactory()
    assert accept_invitation(user=user, secret=found[0]).role == "viewer"
    assert browser.get(page("invitation", "withdraw", row.pk)).status_code == 403
    second = re.search(r"mgxi_[\w-]{30,}", browser.post(page("invitation", "add"), body).content.decode())
    assert second
    row = Invitation.across_tenants.get(accepted_at=None)
    assert browser.get(page("invitation", "withdraw", row.pk)).status_code == 200
    assert browser.post(page("invitation", "withdraw", row.pk)).status_code == 302
    with pytest.raises(NotFound):
        accept_invitation(user=UserFactory(), secret=second[0])


def test_nobody_invites_to_what_they_do_not_own() -> None:
    admin, browser = staff("admin")
    body = {"workspace": admin.workspace_id, "role": "viewer", "email": ""}
    assert browser.post(page("invitation", "add"), body).status_code == 403
    # an owner of one workspace who is admin of another one
    MembershipFactory(user=admin.user, role="owner")
    told = browser.post(page("invitation", "add"), body, follow=True).content.decode()
    assert "requires the role owner" in told
    browser.post(page("invitation", "add"), {**body, "workspace": MembershipFactory(role="owner").workspace_id})
    assert not Invitation.across_tenants.exists()


def test_a_token_is_shown_once_and_works_until_it_is_revoked() -> None:
    owner, browser = staff()
    body = {"workspace": owner.workspace_id, "name": f"ci {EVIL}", "role": "developer"}
    answer = browser.post(page("apitoken", "add"), body)
    text = answer.content.decode()
    assert (answer.status_code, "no-store" in answer["Cache-Control"], EVIL in text) == (200, True, False)
    found = re.search(r"mgx_[\w-]{30,}", text)
    assert found
    token = find_api_token(found[0])
    assert token is not None
    assert (token.user, token.role, token.workspace_id) == (owner.user, "developer", owner.workspace_id)
    assert found[0] not in browser.get(page("apitoken", "change", token.pk)).content.decode()
    assert browser.get(page("apitoken", "revoke", token.pk)).status_code == 200
    assert browser.post(page("apitoken", "revoke", token.pk)).status_code == 302
    assert find_api_token(found[0]) is None
    assert browser.post(page("apitoken", "revoke", token.pk)).status_code == 403


def test_a_token_has_no_more_rights_than_who_makes_it() -> None:
    admin, browser = staff("admin")
    browser.post(page("apitoken", "add"), {"workspace": admin.workspace_id, "name": "x", "role": "owner"}, follow=True)
    other = MembershipFactory(role="owner").workspace
    browser.post(page("apitoken", "add"), {"workspace": other.pk, "name": "x", "role": "viewer"})
    told = superuser().post(page("apitoken", "add"), {"workspace": other.pk, "name": "x", "role": "viewer"}, follow=True)
    assert "add yourself" in told.content.decode()
    assert not ApiToken.across_tenants.exists()
