"""Which programs of a stack this machine's sandbox has, before anything of a project is installed."""

from __future__ import annotations

from agent.sandbox.programs import here
from agent.stacks.model import Stack


def available(stack: Stack) -> dict[str, bool]:
    """By program, in the order of the catalogue. Those that a project brings itself (``vendor/bin/…``) are left out."""
    return {name: here(name) for name in stack.programs() if "/" not in name}
