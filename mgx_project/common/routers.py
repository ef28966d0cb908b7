"""The router of every room: no trailing slashes (`slashes.py` drops those that clients send)."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .ids import PATTERN

UUID = PATTERN


def router() -> SimpleRouter:
    return SimpleRouter(trailing_slash=False)
