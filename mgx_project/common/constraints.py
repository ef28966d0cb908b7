"""Uniqueness is enforced by the database, not by a query beforehand, which two concurrent requests could both pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from .errors import Conflict


@contextmanager
def conflicts(messages: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """Runs the block in a savepoint; a violation of a constraint in ``messages`` (name → field, sentence) raises Conflict."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        if name not in messages:
            raise
        field, sentence = messages[name]
        raise Conflict(sentence, field=field) from None
