"""Invitations. Only the response that creates one contains its secret."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common.row_serializers import RowSerializer

from ..models import Invitation, Role


class InvitationRow(RowSerializer):
    created_by = serializers.CharField(source="created_by.username", allow_null=True)
    accepted_by = serializers.CharField(source="accepted_by.username", allow_null=True)

    class Meta:
        model = Invitation
        fields = (
            "id", "role", "email", "created_by", "created_at", "expires_at", "accepted_by", "accepted_at", "revoked_at",
        )  # fmt: skip


class InvitationInput(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices, default=Role.DEVELOPER)
    email = serializers.EmailField(
        required=False,
        max_length=254,
        help_text="Only the account with this address may accept. No mail is sent, and the address is not looked up.",
    )
    expires_at = serializers.DateTimeField(required=False, help_text="At most 30 days from now. Default: 7 days.")

    def validate_role(self, value: str) -> Role:
        return Role(value)


class NewInvitation(InvitationRow):
    token = serializers.CharField(help_text="The secret, shown only once. Accept with `mgx workspace join TOKEN`.")

    class Meta(InvitationRow.Meta):
        fields = (*InvitationRow.Meta.fields, "token")  # type: ignore[assignment]


class Acceptance(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=100, help_text="The secret of the invitation.")
