"""Failed attempts to sign in. They are counted in the database, which signing in needs anyway."""

from __future__ import annotations

from django.db import models


class SignInCount(models.Model):
    """The counter of one key (`workspaces.sign_in_guard`). Account names are digests: people type passwords into that field.

    ``failures`` counts since ``since``. ``locks`` counts the locks of the recent past: each one is twice as long.
    """

    key = models.CharField(max_length=160, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_index=True)
    locks = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "sign_in_counts"
        verbose_name = "sign-in count"

    def __str__(self) -> str:
        return self.key
