"""Attempts to sign in that did not end well, counted in the database: it is there whenever anybody can sign in at all."""

from __future__ import annotations

from django.db import models


class SignInCount(models.Model):
    """Of one key (`workspaces.sign_in_guard`), whose name of an account is a digest: people type passwords into that field.

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
