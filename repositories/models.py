"""Repository links and webhook deliveries."""

from __future__ import annotations

from django.db import models

from mgx_project.common.fields import EncryptedTextField, MomentField
from mgx_project.common.models import TenantModel

from .hosting.registry import PLAIN_GIT, provider_choices


class RepositoryLink(TenantModel):
    """Links a project to a repository. ``clone_url`` contains no credential; the secret is in ``credential``, encrypted."""

    class Status(models.TextChoices):
        CONNECTED = "connected"
        DISCONNECTED = "disconnected"
        ERROR = "error"

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="repositories")
    is_primary = models.BooleanField(default=False)
    provider = models.CharField(max_length=20, choices=provider_choices, default=PLAIN_GIT)
    api_base_url = models.CharField(max_length=500, blank=True)
    repo_full_name = models.CharField(max_length=300)
    clone_url = models.CharField(max_length=1000)
    default_branch = models.CharField(max_length=200, blank=True)
    credential = EncryptedTextField(blank=True, default="")
    webhook_secret = EncryptedTextField(blank=True, default="")
    connected_by = models.ForeignKey(
        "workspaces.User", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.CONNECTED)
    last_error = models.TextField(blank=True)
    last_validated_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=200, blank=True, editable=False)
    """The etag of the last validation: a request with it does not count against rate limits if nothing changed."""
    refresh_due_at = models.DateTimeField(null=True, editable=False)
    """When the next validation by ourselves is due (`repositories.scheduled_validation`)."""
    refresh_asked_at = models.DateTimeField(null=True, editable=False)
    """When a user asked for a validation; NULL again after it."""
    failed_validations = models.PositiveSmallIntegerField(default=0, editable=False)
    """Consecutive failures."""
    host_id = models.CharField(max_length=100, blank=True, editable=False)
    """The service's id of the repository, which does not change when it is renamed."""
    seen_branch = models.CharField(max_length=200, blank=True, editable=False)
    """The service's default branch at the last validation: ``default_branch`` follows it until somebody chooses another."""
    installation_id = models.BigIntegerField(null=True, blank=True)
    permissions = models.JSONField(default=dict, blank=True)
    updated_at = MomentField(auto_now=True)

    class Meta:
        db_table = "repository_links"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "clone_url"], condition=~models.Q(status="disconnected"), name="repository_link_unique"
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(is_primary=True) & ~models.Q(status="disconnected"),
                name="repository_one_primary",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "created_at", "id"], name="repository_link_list"),
            models.Index(fields=["refresh_due_at"], condition=~models.Q(status="disconnected"), name="repository_link_due"),
            models.Index(
                fields=["installation_id"],
                condition=models.Q(installation_id__isnull=False),
                name="repository_link_installation",
            ),
        ]

    def __str__(self) -> str:
        return self.repo_full_name


class WebhookDelivery(TenantModel):
    """A webhook delivery, kept so that a redelivery is recognised. ``payload`` contains the part that we use.

    ``processed_at`` NULL: not processed yet. ``attempts`` counts attempts, ``error`` is the error of the last one.
    """

    link = models.ForeignKey(RepositoryLink, on_delete=models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=100)
    event = models.CharField(max_length=60)
    payload = models.JSONField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    next_try_at = models.DateTimeField(null=True)
    waits_for = models.UUIDField(null=True, editable=False)
    """The task whose present run must end before this is processed (again): `runs.webhooks.waiting`."""
    processed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["link", "delivery_id"], name="webhook_delivery_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(processed_at=None), name="webhook_delivery_waiting"),
            models.Index(
                fields=["waits_for"],
                condition=models.Q(processed_at=None, waits_for__isnull=False),
                name="webhook_delivery_waits_for",
            ),
            models.Index(fields=["created_at"], name="webhook_delivery_age"),
        ]
