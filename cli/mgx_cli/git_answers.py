"""What git says of a directory on this machine, and its own words where it refuses one.

Neither does looking write to a repository (no optional locks), nor does it run anything of it (no file system monitor).
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mgx_cli.errors import UsageError
from mgx_cli.output import clean, one_line

NOWHERE = "not a git repository (or any "
"""What git says if it found no repository here nor above. The same without the rest is said of one that is broken."""


@dataclass(frozen=True)
class GitAnswer:
    """``output`` is None where git failed; ``words`` is what it wrote to stderr."""

    output: str | None
    words: str


def ask(directory: Path, *arguments: str) -> GitAnswer:
    """Raises ``UsageError`` if git is not installed."""
    # not GIT_DIR and its like, which name another repository; the configuration may be what makes git take this one
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")}
    environment = {**kept, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, env=environment, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise UsageError(
            "git is not installed, but tasks work on git repositories.", hint="Install git and try again."
        ) from error
    output = done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
    return GitAnswer(output, done.stderr.decode("utf-8", "replace"))


def refusal(directory: Path, words: str) -> UsageError | None:
    """Why git does not take a repository that is in ``directory`` or above, with git's advice; None if none is there."""
    place = next((entry for entry in _entries(directory) if os.path.lexists(entry)), None)
    if NOWHERE in words:
        if place is None:
            return None
        why = f"{place} can't be read" if not os.access(place, os.R_OK | os.X_OK) else f"{place} is not a whole git repository"
        return UsageError(f"{why}: git says {_cause(words)!r}.", hint=f"Run `git status` in {directory}: it must work first.")
    lines = [line.strip() for line in clean(words).splitlines()]
    advice = "\n".join(line for line in lines if line and not line.startswith(("fatal:", "error:", "warning:")))
    return UsageError(
        f"git refuses the repository in {directory}: {_cause(words)}",
        hint=advice or f"Run `git status` in {directory} and fix what it reports.",
    )


def _entries(directory: Path) -> list[Path]:
    here = directory.absolute()
    return [parent / ".git" for parent in (here, *here.parents)]


def _cause(words: str) -> str:
    lines = [line for line in words.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines or ["it does not say why"]
    return one_line(told[-1].removeprefix("fatal:").removeprefix("error:").strip())
