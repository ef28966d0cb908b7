"""Our Team, Environment, Role and Action on MetaGPT's: the same message passing, with our own round loop, errors that are not
wrapped, and all model calls through one client.

Imports MetaGPT, so ``agent.runtime.bootstrap`` must have run: go through ``agent.team.hire``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

from metagpt.actions import Action
from metagpt.environment import Environment
from metagpt.roles import Role
from metagpt.schema import Message
from metagpt.team import Team
from pydantic import Field, model_validator

from agent.errors import AgentError, Interrupted
from agent.team.answers import ChangeAnswer
from agent.team.conversation import Conversation, Reply
from agent.team.llm import PortLLM
from agent.team.phase_context import PhaseContext
from agent.team.session import Session

MAX_ROUNDS = 20
"""Rounds until the team must be idle after one message; each of our conversations takes two."""


class ChangeMessage(Message):  # type: ignore[misc]
    """An answer that changes files, or has changed them already."""

    answer: Any = Field(exclude=True)
    """ChangeAnswer; pydantic is not to look into it."""

    def __init__(self, answer: ChangeAnswer, **data: Any) -> None:
        super().__init__(content=answer.text, answer=answer, **data)


class TeamAction(Action):  # type: ignore[misc]
    """An action that knows the run's ``work`` and asks the model under a journal key of its own."""

    work: PhaseContext = Field(exclude=True)
    role_name: str

    @model_validator(mode="after")
    def _update_private_llm(self) -> Self:
        """MetaGPT reads two YAML files for each action, to see whether it has a model of its own: ours never has."""
        return self

    async def run(self, history: Sequence[Message]) -> str | ChangeMessage:
        """``history`` ends with the message that caused this action."""
        return await self.act(history[-1].content)

    async def act(self, content: str) -> str | ChangeMessage:
        """The answer to the message with this ``content``."""
        raise NotImplementedError(f"{type(self).__name__} does nothing.")

    async def converse(
        self,
        session: Session,
        question: str,
        *,
        key: str,
        max_tokens: int,
        tools: Sequence[str] = (),
        fresh: bool = False,
        steering: Sequence[str] | None = None,
        accepts: Callable[[str], bool] | None = None,
    ) -> Reply:
        """The model's answer to ``question`` in ``session``, after as many calls of ``tools`` as the role is allowed.

        ``key`` names the first call's journal step within the phase. ``fresh`` answers never come from the cache. ``steering``
        and ``accepts`` as for a ``Conversation``.

        Raises ``Paused`` ('provider', 'budget', 'loop') where the run can go on later, else ``ModelFailed``; ``Cancelled``.
        """
        conversation = Conversation(
            self.work, session, key, self.role_name, self.name, max_tokens=max_tokens, tools=tuple(tools), fresh=fresh,
            steering=steering, accepts=accepts,
        )  # fmt: skip
        llm: PortLLM = self.llm
        return await llm.converse(conversation, question)


class TeamRole(Role):  # type: ignore[misc]
    """A role that takes the action its news asks for: ``handles`` maps a trigger to it."""

    role_name: ClassVar[str]
    handles: ClassVar[Mapping[str, type[TeamAction]]] = {}
    work: PhaseContext = Field(exclude=True)

    def __init__(self, **data: Any) -> None:
        super().__init__(name=self.role_name, profile=self.role_name, **data)
        known = {"context": self.context, "work": self.work, "role_name": self.role_name}
        self.set_actions([action(**known) for action in self.handles.values()])
        self._watch(list(self.handles))

    async def run(self, with_message: object = None) -> Message | None:
        """``Role.run`` without its decorator, which turns every error into a bare Exception with a traceback for text."""
        if not await self._observe():
            return None
        answer = await self.react()
        self.set_todo(None)
        self.publish_message(answer)
        return answer

    async def _think(self) -> bool:
        """MetaGPT would ask the model which action to take; here the message says it."""
        wanted = self.handles[self.rc.news[-1].cause_by]
        self._set_state(next(index for index, action in enumerate(self.actions) if type(action) is wanted))
        return True


class TeamEnvironment(Environment):  # type: ignore[misc]
    """An environment that remembers the last answer instead of an ever longer debug text."""

    last: Message | None = Field(default=None, exclude=True)

    def publish_message(self, message: Message, peekable: bool = True) -> bool:
        delivered: bool = super().publish_message(message, peekable)
        self.history = ""
        self.last = message
        return delivered

    async def run(self, k: int = 1) -> None:
        """One round of all roles. The first error cancels the others and comes out as it is."""
        try:
            async with asyncio.TaskGroup() as group:
                for role in self.roles.values():
                    group.create_task(role.run())
        except BaseExceptionGroup as failed:
            errors = list(failed.exceptions)
            # an interruption outranks a failure: the run can go on from it
            errors.sort(key=lambda error: (not isinstance(error, Interrupted), not isinstance(error, AgentError)))
            raise errors[0] from None


class AgentTeam(Team):  # type: ignore[misc]
    """A team that is asked one thing at a time and answers when all its roles are idle."""

    work: PhaseContext = Field(exclude=True)

    async def ask(self, trigger: str, content: str = "") -> str:
        """The text of the answer to ``content``. Raises RuntimeError where no role answers ``trigger``."""
        answer: str = (await self._answer(trigger, content)).content
        return answer

    async def ask_for_change(self, trigger: str, content: str = "") -> ChangeAnswer:
        """What the answer to ``content`` changes. Raises RuntimeError where no role answers ``trigger``."""
        answer: ChangeAnswer = (await self._answer(trigger, content)).answer
        return answer

    async def _answer(self, trigger: str, content: str) -> Message:
        """Publishes a message caused by ``trigger`` and runs rounds until the team is idle; returns its last answer."""
        question = Message(role="Human", content=content, cause_by=trigger)
        self.env.publish_message(question)
        for _ in range(MAX_ROUNDS):
            if self.env.is_idle:
                break
            self.work.ports.cancel.check()
            await self.env.run()
        if self.env.last is question or not self.env.is_idle:
            raise RuntimeError(f"The team did not answer {trigger} within {MAX_ROUNDS} rounds.")
        return self.env.last

    async def run(self, *args: object, **kwargs: object) -> str:
        raise NotImplementedError("Team.run swallows errors and overspends; use ask.")

    def serialize(self, stg_path: object = None) -> None:
        raise NotImplementedError("A team is never stored: resuming a run replays its phase over the journal.")
