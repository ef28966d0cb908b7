"""MetaGPT's side of the model port: a provider in its registry that is asked by conversations alone."""

from __future__ import annotations

from typing import Any

from metagpt.configs.llm_config import LLMConfig
from metagpt.provider.base_llm import BaseLLM
from metagpt.provider.llm_provider_registry import register_provider
from pydantic import ConfigDict, Field

from agent.ports import ChatMessage
from agent.team.conversation import Conversation, Reply
from agent.team.phase_context import PhaseContext

API_TYPE = "mgx.port"


class PortConfig(LLMConfig):  # type: ignore[misc]
    """``LLMType`` is a closed enum; a plain string key stands beside it without touching it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    api_type: str = API_TYPE
    work: PhaseContext = Field(exclude=True)


@register_provider(API_TYPE)
class PortLLM(BaseLLM):  # type: ignore[misc]
    """One per role; the session holds what is said, its system prompt too."""

    def __init__(self, config: PortConfig) -> None:
        self.config = config
        self.model = config.work.ports.model.name

    async def converse(self, conversation: Conversation, question: str) -> Reply:
        return await conversation.hold(question)

    async def acompletion_text(self, messages: list[ChatMessage], stream: bool = False, timeout: int = 0) -> str:
        raise RuntimeError("MetaGPT called the model on its own.")

    async def _achat_completion(self, messages: list[ChatMessage], timeout: int = 0) -> Any:
        return await self.acompletion_text(messages)

    acompletion = _achat_completion
    _achat_completion_stream = _achat_completion
