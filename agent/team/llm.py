"""MetaGPT's side of the model port: a provider in its registry that forwards every call to ``ModelCalls``."""

from __future__ import annotations

from typing import Any

from metagpt.configs.llm_config import LLMConfig
from metagpt.provider.base_llm import BaseLLM
from metagpt.provider.llm_provider_registry import register_provider
from pydantic import ConfigDict, Field

from agent.ports import ChatMessage, ModelRequest
from agent.team.work import Work

API_TYPE = "mgx.port"


class PortConfig(LLMConfig):  # type: ignore[misc]
    """``LLMType`` is a closed enum; a plain string key stands beside it without touching it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    api_type: str = API_TYPE
    work: Work = Field(exclude=True)


@register_provider(API_TYPE)
class PortLLM(BaseLLM):  # type: ignore[misc]
    """One per role, for the system prompt lives on it."""

    def __init__(self, config: PortConfig) -> None:
        self.config = config
        self.model = config.work.ports.model.name
        self._next: dict[str, Any] = {}

    def about(self, *, key: str, role: str, action: str, max_tokens: int) -> None:
        """Names the call that follows."""
        self._next = {"key": key, "role": role, "action": action, "max_tokens": max_tokens}

    async def acompletion_text(self, messages: list[ChatMessage], stream: bool = False, timeout: int = 0) -> str:
        about, self._next = self._next, {}
        if not about:
            raise RuntimeError("MetaGPT called the model on its own.")
        work = self.config.work
        request = ModelRequest(
            **about,
            messages=list(messages),
            task=work.spec.text,
            stack=work.stack.id if work.stack else None,
        )
        return (await work.calls.complete(request)).text

    async def _achat_completion(self, messages: list[ChatMessage], timeout: int = 0) -> Any:
        return await self.acompletion_text(messages)

    acompletion = _achat_completion
    _achat_completion_stream = _achat_completion
