"""Which programs of a stack a run on this machine has.

Asked where a run finds them: on the sandbox's own path, where the install step puts them (uv and the Python that it finds), or
among the packages of the stack's own starter, which are then left out here like what a project brings itself.
"""

from __future__ import annotations

import json
from functools import cache

from uv import find_uv_bin

from agent.sandbox.programs import here
from agent.stacks.model import Stack

BY_INSTALL_STEP = frozenset({"uv", "python"})
"""The sandbox gets them from the server's own environment: `agent.sandbox.python`."""


def available(stack: Stack) -> dict[str, bool]:
    """By program, in the order of the catalogue. Those that a project brings itself (``vendor/bin/…``) are left out."""
    brought = _packages(stack)
    return {name: _is_here(name) for name in stack.programs() if "/" not in name and name not in brought}


def _is_here(name: str) -> bool:
    return here(name) or (name in BY_INSTALL_STEP and _has_uv())


@cache
def _has_uv() -> bool:
    try:
        return bool(find_uv_bin())
    except FileNotFoundError:
        return False


def _packages(stack: Stack) -> frozenset[str]:
    """Packages of npm that the stack's starter declares: their programs are installed with it."""
    manifest = stack.starter / "package.json" if stack.starter else None
    if manifest is None or not manifest.is_file():
        return frozenset()
    declared = json.loads(manifest.read_text("utf-8"))
    return frozenset(declared.get("dependencies", {})) | frozenset(declared.get("devDependencies", {}))
