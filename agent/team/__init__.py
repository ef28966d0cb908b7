"""The team: MetaGPT roles that the pipeline talks to by messages. Only ``hire`` imports MetaGPT."""

from __future__ import annotations

from typing import Protocol

from agent import runtime
from agent.team.answers import ChangeAnswer
from agent.team.phase_context import PhaseContext

__all__ = ["AskedTeam", "ChangeAnswer", "PhaseContext", "hire"]


class AskedTeam(Protocol):
    async def ask(self, trigger: str, content: str = "") -> str:
        """Says ``content`` to whoever answers ``trigger`` (agent.team.messages), and returns the answer."""
        ...

    async def ask_for_change(self, trigger: str, content: str = "") -> ChangeAnswer:
        """The same of who answers with changes: they come parsed, or are made."""
        ...


def hire(work: PhaseContext) -> AskedTeam:
    """A team for one phase. Raises RuntimeError if ``agent.runtime.bootstrap`` has not run in this process."""
    if not runtime.is_ready():
        raise RuntimeError("Call agent.runtime.bootstrap(runtime_dir) once in this process before hiring a team.")
    # MetaGPT may only be imported after its bootstrap, and never by the web process, which imports this package
    from agent.team.team_factory import create_team

    return create_team(work)
