"""The versions of the team's prompts that are kept (`agent.team.prompts`), for those who only compare them and need no team."""

from __future__ import annotations

KEPT = ("10", "11")
"""Whole numbers, in their order; the last two at least."""
VERSION = KEPT[-1]
"""That of new runs."""
