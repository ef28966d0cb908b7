"""The router of every room: no trailing slashes (`slashes.py` drops those that clients send)."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""A key in a path. Anything else is no path of ours, so a malformed id never reaches the database."""


def router() -> SimpleRouter:
    return SimpleRouter(trailing_slash=False)
