"""Runs commands that the model chose or wrote, isolated from the host, its network and its secrets."""

from __future__ import annotations

import logging
from pathlib import Path

from agent.errors import SandboxFailed
from agent.sandbox import bubblewrap
from agent.sandbox.limits import Limits
from agent.sandbox.workdir import WorkdirSandbox, default_tools

__all__ = ["Limits", "WorkdirSandbox", "open_sandbox"]

logger = logging.getLogger(__name__)
TIERS = ("auto", "bubblewrap", "landlock", "container", "none")


def open_sandbox(
    root: Path, *, cache: Path, tier: str = "auto", tools: Path | None = None, limits: Limits | None = None
) -> WorkdirSandbox:
    """A sandbox for the workdir ``root``; what it installs is kept under ``cache``.

    ``tier`` is ``auto`` (bubblewrap), ``bubblewrap``, or ``none``: no isolation, a person's explicit choice that is logged.
    ``tools`` is the virtual environment whose formatters are offered, this process's own by default. Raises ``SandboxFailed``,
    whose hint says what to install.
    """
    if tier not in TIERS:
        raise SandboxFailed(f"There is no sandbox tier {tier!r}.", hint=f"Use one of: {', '.join(TIERS)}.")
    if tier in ("landlock", "container"):
        raise SandboxFailed(f"The sandbox tier {tier!r} is not available in this version.", hint="Use `auto` or `bubblewrap`.")
    if tier == "none":
        logger.warning("The sandbox is off: commands of %s run with the rights of this process.", root)
    bwrap = None if tier == "none" else bubblewrap.find()
    cache.mkdir(parents=True, exist_ok=True)
    return WorkdirSandbox(root.absolute(), cache.absolute(), tools or default_tools(), bwrap, limits or Limits())
