"""Chat models behind the ``Model`` port: OpenAI-compatible endpoints, Anthropic, and ``offline``, which needs no account.

MetaGPT's registry holds one provider of ours (``agent.team.llm.PortLLM``) that forwards to the port, whatever the endpoint is:
that way its roles can't reach a model past the journal, the cache and the budget.
"""

from __future__ import annotations

from agent.models.errors import ModelUnavailable, ToolsUnsupported
from agent.models.prices import Prices
from agent.models.providers import open_model, open_models
from agent.models.settings import Kind, ModelSettings

__all__ = ["Kind", "ModelSettings", "ModelUnavailable", "Prices", "ToolsUnsupported", "open_model", "open_models"]
