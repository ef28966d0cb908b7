"""What a task runner's configuration (tox, nox, make, …) says it runs: the form that all of them are read into."""

from __future__ import annotations

from dataclasses import dataclass

from agent.projects.shell import SimpleCommand


@dataclass(frozen=True)
class TaskSteps:
    """``commands`` of the task ``name`` in their order, and where they stand; ``refused`` says in a sentence why they can't be
    used, where they can't."""

    evidence: str
    commands: tuple[SimpleCommand, ...] = ()
    refused: str = ""
    name: str = ""
