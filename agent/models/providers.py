"""The providers of models: a new one is a row here, a name in ``Kind`` and a module beside this one."""

from __future__ import annotations

from importlib import import_module

from agent.models.prices import Prices
from agent.models.settings import Kind, ModelSettings
from agent.ports import Model

PROVIDERS: dict[Kind, str] = {
    "openai": "agent.models.openai:OpenAIModel",
    "anthropic": "agent.models.anthropic:AnthropicModel",
    "offline": "agent.models.offline:OfflineModel",
}
"""Names of classes, each made from its settings: an SDK takes half a second and 20 MB to import, which whoever only shows
the choice should not pay for."""


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
    module, _, name = PROVIDERS[settings.kind].partition(":")
    model: Model = getattr(import_module(module), name)(settings)
    return model
