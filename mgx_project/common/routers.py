"""The router of every application: no trailing slashes (`trailing_slash.py` drops those that clients send)."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .ids import PATTERN

UUID = PATTERN


def router() -> SimpleRouter:
    return SimpleRouter(trailing_slash=False)
