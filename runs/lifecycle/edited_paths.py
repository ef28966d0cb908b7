"""Paths that people write into a plan: inside of the project, as the team's own answers must be (`agent.patch.paths`).

Whether a path leads through a link is seen where files are written: a plan is edited where the repository is not at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.patch.paths import unsafe_reason
from mgx_project.common.errors import BadRequest

LINK = " -> "
"""As `ls -l` and git show a link and where it leads, or a file and its new name."""


def refuse_paths(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raises BadRequest, naming the place, for a path of ``new`` that can't be used. What ``old`` has too was not written by
    this person."""
    known = {path for _, path in _paths(old)}
    for place, path in _paths(new):
        if path in known:
            continue
        if reason := _reason(path):
            raise BadRequest(
                f"This path can't be used because {reason}: {path[:200]!r}.", field=place, code="unsafe_path",
                hint="Write a path inside of the project, such as src/name.py.",
            )  # fmt: skip


def _paths(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for number, step in enumerate(plan.get("steps") or ()):
        for position, path in enumerate(step.get("files") or ()):
            yield f"plan.steps.{number}.files.{position}", str(path)
    for number, command in enumerate((plan.get("project") or {}).get("commands") or ()):
        if directory := command.get("directory"):
            yield f"plan.project.commands.{number}.directory", str(directory)


def _reason(path: str) -> str | None:
    """A folder may end with a slash."""
    if LINK in path:
        return "it looks like a link and where it leads; name files one by one"
    return unsafe_reason(path.removesuffix("/") if len(path) > 1 else path)
