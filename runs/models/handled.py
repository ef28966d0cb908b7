"""Processed webhook causes (idempotency keys), and the comments that are queued because of them."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel


class Handled(TenantModel):
    """``key`` names the cause (a comment, a review, a commit's checks, a state of a run), the same for each delivery of it.

    ``answer`` is what is to be said about it in the issue or pull request ``number``. ``say_at`` is when: NULL when nothing is
    (any longer) to be said. ``held_until``: who says it has it for itself until then. ``said_at`` is when it was said last.
    """

    class Form(models.TextChoices):
        COMMENT = "comment"
        """Post ``answer`` as a separate comment."""
        REACTION = "reaction"
        """Add a reaction to the comment in ``key``; ``answer`` is part of the task's status comment."""
        STATUS = "status"
        """The status of the task's latest run, in one comment that is edited."""

    link_id = models.UUIDField()
    key = models.CharField(max_length=200)
    form = models.CharField(max_length=20, choices=Form.choices, default=Form.COMMENT)
    number = models.PositiveIntegerField(default=0)
    answer = models.TextField(blank=True)
    task_id = models.UUIDField(null=True)
    say_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    said_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "handled_causes"
        constraints = [models.UniqueConstraint(fields=["link_id", "key"], name="handled_once")]
        indexes = [
            models.Index(fields=["created_at"], name="handled_age"),
            models.Index(fields=["say_at"], condition=models.Q(say_at__isnull=False), name="handled_to_say"),
            models.Index(fields=["task_id", "number"], condition=models.Q(task_id__isnull=False), name="handled_of_task"),
        ]

    def __str__(self) -> str:
        return self.key
