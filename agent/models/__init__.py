"""Chat models behind the ``Model`` port: any OpenAI-compatible endpoint, and ``offline``, which needs no account."""

from __future__ import annotations

from typing import Literal

from agent.models.prices import Prices
from agent.ports import Model

__all__ = ["Prices", "open_model"]


def open_model(
    kind: Literal["openai", "offline"],
    *,
    model: str = "",
    api_key: str = "",
    base_url: str = "",
    prices: Prices | None = None,
    timeout: float = 600,
    stall_timeout: float = 90,
    max_retries: int = 2,
) -> Model:
    """The model of a run; close it with ``aclose``.

    ``model`` is the endpoint's own name for it. ``base_url`` defaults to OpenAI's, ``prices`` to unknown. ``timeout`` bounds
    one call in seconds, ``stall_timeout`` the silence between two pieces of its answer, ``max_retries`` repeats of a call that
    failed before it answered. Raises ``ModelFailed`` when something that the endpoint needs is missing.
    """
    if kind == "offline":
        from agent.models.offline import OfflineModel

        return OfflineModel()
    # the SDK costs half a second and 20 MB: whoever only offers the choice should not pay for it
    from agent.models.openai import OpenAIModel

    return OpenAIModel(
        model,
        api_key=api_key,
        base_url=base_url,
        prices=prices,
        timeout=timeout,
        stall_timeout=stall_timeout,
        max_retries=max_retries,
    )
