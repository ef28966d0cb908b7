"""Serializers of repository links. Credentials are write-only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common.row_serializers import RowSerializer
from projects.validators import git_ref

from .hosting.registry import provider_choices
from .models import RepositoryLink
from .permission_warnings import missing
from .webhooks.services import address_of

MAX_CREDENTIAL = 20_000
"""Characters, enough for an ssh key."""


class RepositoryRow(RowSerializer):
    workspace_id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    has_credential = serializers.BooleanField()
    permissions = serializers.DictField(child=serializers.BooleanField())
    missing_permissions = serializers.DictField(
        child=serializers.CharField(), help_text="Permissions that the credential lacks, and what each is needed for."
    )
    webhook_url = serializers.CharField(help_text="The address for the service's deliveries. Empty for plain git.")

    computed = ("missing_permissions", "webhook_url")

    class Meta:
        model = RepositoryLink
        fields = (
            "id", "workspace_id", "project_id", "is_primary", "provider", "api_base_url", "repo_full_name", "clone_url",
            "default_branch", "has_credential", "status", "last_error", "last_validated_at", "refresh_due_at",
            "refresh_asked_at", "installation_id", "permissions",
            "missing_permissions", "webhook_url", "created_at", "updated_at",
        )  # fmt: skip

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        row["missing_permissions"] = missing(row["provider"], row["permissions"])
        row["webhook_url"] = address_of(row["provider"], row["id"])
        return row


class RepositoryName(serializers.Serializer[Any]):
    url = serializers.CharField(
        max_length=1000,
        help_text="`owner/name`, a git URL (https, ssh, user@host:path), or, on the embedded server, a local path.",
    )
    provider = serializers.ChoiceField(
        choices=provider_choices(), required=False, help_text="Default: github for `owner/name`, otherwise git."
    )
    api_base_url = serializers.CharField(max_length=500, required=False, help_text="Only for a GitHub Enterprise server.")
    credential = serializers.CharField(
        max_length=MAX_CREDENTIAL,
        required=False,
        write_only=True,
        allow_blank=True,
        help_text="A token, `user:password`, or for ssh a private key. Stored encrypted, never shown.",
    )
    installation_id = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**63 - 1,
        help_text="An installation of the server's GitHub App. The credential only proves that you administer the repository.",
    )


class RepositoryConnect(RepositoryName):
    project_id = serializers.UUIDField(required=False, allow_null=True, help_text="Default: the project `default`.")
    is_primary = serializers.BooleanField(required=False, help_text="Default: true for the first link of a project.")
    create = serializers.BooleanField(  # type: ignore[assignment]
        default=False, help_text="Start a new project in an empty local directory."
    )
    allow_dirty = serializers.BooleanField(default=False, help_text="Accept a local checkout with uncommitted changes.")


class RepositoryChanges(serializers.Serializer[Any]):
    is_primary = serializers.BooleanField(required=False)
    default_branch = serializers.CharField(max_length=200, required=False, allow_blank=True, validators=[git_ref])
    credential = serializers.CharField(
        max_length=MAX_CREDENTIAL, required=False, write_only=True, allow_blank=True, help_text="Checked before it is stored."
    )


class RefreshAll(serializers.Serializer[Any]):
    project_id = serializers.UUIDField(required=False, allow_null=True, help_text="Default: all projects of the workspace.")


class RefreshQueued(serializers.Serializer[Any]):
    queued = serializers.IntegerField(help_text="Number of links that will be checked. Each has `refresh_asked_at` until then.")


class RepositoryTested(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    repo_full_name = serializers.CharField()
    default_branch = serializers.CharField(help_text="Empty if the repository has no commits.")
    permissions = serializers.DictField(child=serializers.BooleanField(), help_text="Permissions that were verified.")


class WebhookSetUp(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="The address for the service's deliveries.")
    installed = serializers.BooleanField(help_text="Whether the webhook was created on the service.")
    secret = serializers.CharField(allow_null=True, help_text="Shown only once, and only if you must add the webhook yourself.")
    reason = serializers.CharField(help_text="Why it was not created.")
