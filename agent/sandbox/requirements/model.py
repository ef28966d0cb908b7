"""What is collected: lines to install, constraints on them, and what is refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement

from agent.sandbox.requirements.declared import ManifestDeclarations
from agent.stacks.manifests import requirement_names

MAX_LINES = 10_000
"""Of all files together, comments among them: they take part of a second."""
MAX_LINE = 1_000
"""Characters of one requirement."""
MAX_REFUSED = 100
MAX_SHOWN = 200


@dataclass
class Requirements:
    """``lines`` to install, ``constraints`` on them, ``pins`` of a lock file, and ``refused`` lines with the reason.

    ``projects`` are the directories that are installed from the repository, the part itself first, with what they declare;
    ``own`` are the names of all projects of the repository, which are never asked of an index. ``left`` is how many more lines
    are parsed."""

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    projects: dict[str, ManifestDeclarations] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    left: int = MAX_LINES

    @property
    def names(self) -> set[str]:
        return set(requirement_names(self.lines))

    def refuse(self, where: str, line: str, reason: str) -> None:
        if len(self.refused) < MAX_REFUSED:
            shown = line if len(line) <= MAX_SHOWN else f"{line[:MAX_SHOWN]}…"
            self.refused.append(f"{where}: {shown} ({reason})")
        elif len(self.refused) == MAX_REFUSED:
            self.refused.append("and more that is not listed")

    def text(self) -> str:
        return "".join(f"{line}\n" for line in dict.fromkeys(self.lines))


def parsed(line: str) -> Requirement | str:
    """The requirement that ``line`` is, or why it is not taken: only names with versions and markers are, or a name with the
    address that it comes from, for the caller to judge. uv reads the same line afterwards, and would replace ``${NAME}`` by a
    variable of its environment."""
    if line.startswith("-"):
        return "an option"
    if len(line) > MAX_LINE:
        return f"longer than {MAX_LINE} characters"
    try:
        found = Requirement(line)
    except (InvalidRequirement, RecursionError):  # markers may be nested
        return "not a plain name and version"
    if "${" in line or ("://" in line and found.url is None):
        return "not a plain name and version"
    return found
