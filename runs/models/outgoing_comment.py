"""Comments and reactions to post on a hosting service."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel
from repositories.hosting.webhook_events import MAX_KEY

ON_COMMENTS = ("comment:", "read:")
"""How keys begin that name a comment or remark, to which a reaction can be added."""


class OutgoingComment(TenantModel):
    """``text`` for the issue or pull request ``number``. ``key`` names the cause; each cause has one row, whoever writes it.

    ``due_at`` is when it is to be posted: NULL if there is nothing (more) to post. Until ``locked_until`` it is locked by
    one worker. ``sent_at`` is when it was posted last.
    """

    class Form(models.TextChoices):
        COMMENT = "comment"
        """Post ``text`` as a separate comment."""
        REACTION = "reaction"
        """Add a reaction to the comment in ``key``, or with ``thread`` to a remark there; ``text`` is part of the task's status
        comment."""
        STATUS = "status"
        """The status of the task's latest run, in one comment that is edited."""
        REPLY = "reply"
        """Post ``text`` in the thread of the remark ``thread`` on the pull request ``number``."""

    link_id = models.UUIDField()
    key = models.CharField(max_length=MAX_KEY)
    form = models.CharField(max_length=20, choices=Form.choices, default=Form.COMMENT)
    number = models.PositiveIntegerField(default=0)
    text = models.TextField(blank=True)
    thread = models.BigIntegerField(null=True)
    """The service's id of the first remark of a thread, for a reply there."""
    comment_id = models.BigIntegerField(null=True)
    """The service's id of the comment, when it was posted: who wrote a later one has seen it."""
    task_id = models.UUIDField(null=True)
    due_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outgoing_comments"
        constraints = [models.UniqueConstraint(fields=["link_id", "key"], name="outgoing_comment_once")]
        indexes = [
            models.Index(fields=["created_at"], name="outgoing_comment_age"),
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="outgoing_comment_due"),
            models.Index(
                fields=["task_id", "number"], condition=models.Q(task_id__isnull=False), name="outgoing_comment_of_task"
            ),
        ]

    @property
    def given_up(self) -> bool:
        """Whether it was refused until nobody tries any more. One that was posted once and only not edited is not, nor is one
        of which only the status comment tells."""
        to_be_posted = self.form != self.Form.REACTION or self.key.startswith(ON_COMMENTS)
        return self.due_at is None and self.sent_at is None and to_be_posted

    def __str__(self) -> str:
        return self.key


_ON_COMMENT = models.Q(*(("key__startswith", start) for start in ON_COMMENTS), _connector=models.Q.OR)
GIVEN_UP = models.Q(due_at=None, sent_at=None) & (~models.Q(form=OutgoingComment.Form.REACTION) | _ON_COMMENT)
"""Rows that are `OutgoingComment.given_up`."""
