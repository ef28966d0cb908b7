"""Runs commands that the model chose or wrote, isolated from the host, its network and its secrets."""

from __future__ import annotations

import tempfile
from pathlib import Path

import structlog

from agent.errors import SandboxFailed
from agent.sandbox import bubblewrap
from agent.sandbox.limits import Limits
from agent.sandbox.user import FIRST as FIRST_USER
from agent.sandbox.workdir import WorkdirSandbox, default_tools

__all__ = ["FIRST_USER", "Limits", "WorkdirSandbox", "check", "open_sandbox"]

log = structlog.stdlib.get_logger(__name__)
TIERS = ("auto", "bubblewrap", "landlock", "container", "none")


def open_sandbox(
    root: Path,
    *,
    cache: Path,
    tier: str = "auto",
    tools: Path | None = None,
    limits: Limits | None = None,
    first_user: int = FIRST_USER,
) -> WorkdirSandbox:
    """A sandbox for the workdir ``root``; what it installs is kept under ``cache``.

    ``tier`` is ``auto`` (bubblewrap), ``bubblewrap``, or ``none``: no isolation, a person's explicit choice that is logged.
    ``tools`` is the virtual environment whose formatters are offered, this process's own by default. Where this process is
    root, commands run as one of the host's users from ``first_user`` on, each sandbox as another one; with 0, or as an ordinary
    user, as the user of this process. Raises ``SandboxFailed``, whose hint says what to install.
    """
    _require_tier(tier)
    if tier == "none":
        log.warning("the sandbox is off: commands run with the rights of this process", directory=str(root))
    cache.mkdir(parents=True, exist_ok=True)
    bwrap = None if tier == "none" else bubblewrap.find(first_user, _places(root, cache))
    return WorkdirSandbox(root.absolute(), cache.absolute(), tools or default_tools(), bwrap, limits or Limits())


def check(data: Path, *, tier: str = "auto", first_user: int = FIRST_USER) -> None:
    """Opens a sandbox as for a workdir below the directory ``data``; what about it is weak is said in the log. Raises
    ``SandboxFailed``. With the tier ``none`` nothing is tried."""
    _require_tier(tier)
    if tier != "none":
        bubblewrap.find(first_user, _places(data))


def _require_tier(tier: str) -> None:
    if tier not in TIERS:
        raise SandboxFailed(f"There is no sandbox tier {tier!r}.", hint=f"Use one of: {', '.join(TIERS)}.")
    if tier in ("landlock", "container"):
        raise SandboxFailed(f"The sandbox tier {tier!r} is not available in this version.", hint="Use `auto` or `bubblewrap`.")


def _places(*directories: Path) -> tuple[Path, ...]:
    return (*directories, Path(tempfile.gettempdir()))
