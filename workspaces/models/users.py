"""User accounts."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils.crypto import salted_hmac

from mgx_project.common.ids import uuid7


class User(AbstractUser):
    """``session_stamp`` changes when everything that the person is signed in with has to end; browser sessions depend on it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session_stamp = models.UUIDField(default=uuid.uuid4, editable=False)
    rehashing = False
    """True while the same password is rehashed with a stronger hasher."""
    before: tuple[str, bool] | None = None
    """The stored password and `is_active` during a save."""

    class Meta:
        db_table = "users"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves in one transaction with the receivers, so that a new password and old tokens are never valid together."""
        with transaction.atomic():
            super().save(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        self.rehashing = True
        try:
            return bool(super().check_password(raw_password))
        finally:
            self.rehashing = False

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """Of Django, which asks it for every request of a browser session; ours depends on the stamp too."""
        value = f"{self.password}:{self.session_stamp}"
        return salted_hmac("mgx.session", value, secret=secret, algorithm="sha256").hexdigest()
