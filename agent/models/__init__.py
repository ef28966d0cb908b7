"""Chat models behind the ``Model`` port: OpenAI-compatible endpoints, Anthropic, and ``offline``, which needs no account.

MetaGPT's registry holds one provider of ours (``agent.team.llm.PortLLM``) that forwards to the port, whatever the endpoint is:
that way its roles can't reach a model past the journal, the cache and the budget.
"""

from __future__ import annotations

from agent.models.errors import ModelUnavailable, ToolsUnsupported
from agent.models.prices import Prices
from agent.models.settings import Kind, ModelSettings
from agent.ports import Model

__all__ = ["Kind", "ModelSettings", "ModelUnavailable", "Prices", "ToolsUnsupported", "open_model", "open_models"]


def open_models(first: ModelSettings, *fallbacks: ModelSettings) -> Model:
    """The model of a run; close it with ``aclose``.

    ``fallbacks`` answer in their order while those before them can't. Raises ``ModelFailed`` when something that an endpoint
    needs is missing.
    """
    from agent.models.failover import Failover

    models = [_open(settings) for settings in (first, *fallbacks)]
    return Failover(models) if fallbacks else models[0]


def open_model(
    kind: Kind,
    *,
    model: str = "",
    api_key: str = "",
    base_url: str = "",
    prices: Prices | None = None,
    timeout: float = 600,
    stall_timeout: float = 90,
    max_retries: int = 2,
) -> Model:
    """``open_models`` for one endpoint with one model."""
    return open_models(
        ModelSettings(
            kind,
            model,
            api_key=api_key,
            base_url=base_url,
            prices=prices,
            timeout=timeout,
            stall_timeout=stall_timeout,
            max_retries=max_retries,
        )
    )


def _open(settings: ModelSettings) -> Model:
    # each SDK costs half a second and 20 MB or more: whoever only offers the choice should not pay for it
    if settings.kind == "offline":
        from agent.models.offline import OfflineModel

        return OfflineModel()
    if settings.kind == "anthropic":
        from agent.models.anthropic import AnthropicModel

        return AnthropicModel(settings)
    from agent.models.openai import OpenAIModel

    return OpenAIModel(settings)
