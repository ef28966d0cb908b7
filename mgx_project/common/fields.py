"""Fields of our own: secrets at rest, as text encrypted with Fernet (AES-128-CBC + HMAC-SHA256), keys rotated by MultiFernet
(newest first); and the moment in which a row is written."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models

from . import clock


@lru_cache(maxsize=1)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key.encode()) for key in keys])


def cipher() -> MultiFernet:
    return _cipher(tuple(settings.MGX_ENCRYPTION_KEYS))


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Plain text in Python, a Fernet token in the database. An empty string stays empty. Can't be filtered on."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return cipher().encrypt(text.encode()).decode() if text else text

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        return cipher().decrypt(value.encode()).decode() if value else value


class MomentField(models.DateTimeField):  # type: ignore[type-arg]
    """``auto_now`` and ``auto_now_add`` by the database's clock. In migrations it is Django's own field."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if not (self.auto_now or (self.auto_now_add and add)):
            return super().pre_save(model_instance, add)
        value = clock.now()
        setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs
