"""A call waits for its turn at its endpoint, so that the limits of the connection are kept, not run into."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass, field

from limits import RateLimitItemPerMinute

from agent.errors import RateLimited
from agent.models.retry_after import span
from agent.models.settings import ModelSettings
from agent.rate_limits import Charge, RateLimiter, TooLongToWait, local_store

MAX_QUEUE = 300.0
"""Seconds that a call waits for its turn at most: a worker should not be held for longer."""

MOMENT = 0.001
"""Seconds by which a pause is outlasted: storages count by milliseconds."""
MAX_EXACT = 10_000
"""Requests per minute that are remembered one by one."""


@dataclass(frozen=True)
class Turn:
    """A call that may start, and the tokens that it counts for; None where they are not limited."""

    limiter: RateLimiter
    tokens: Charge | None
    begun: float = field(default_factory=time.monotonic)

    def settle(self, tokens: int) -> None:
        """Replaces the estimate by what the call took."""
        if self.tokens is not None:
            self.limiter.correct(self.tokens, tokens, time.monotonic() - self.begun)


class EndpointLimits:
    """Of an endpoint, key and limits: all calls with the same share them, whichever run, thread or worker makes them."""

    def __init__(self, base_url: str, settings: ModelSettings) -> None:
        key = hashlib.sha256(f"{base_url}\n{settings.api_key}".encode()).hexdigest()
        self._limiter = RateLimiter(settings.limits or local_store(), f"model/{key}")
        self._requests, self._tokens = (
            RateLimitItemPerMinute(amount, namespace=name) if amount else None
            for name, amount in (("requests", settings.requests_per_minute), ("tokens", settings.tokens_per_minute))
        )

    async def enter(self, tokens: int, host: str, patience: float = MAX_QUEUE, *, model: str = "") -> Turn:
        """Waits for its turn; a cancelled wait takes none.

        Raises RateLimited when the endpoint wants to be left alone for more than ``patience`` seconds, or the turn is more than
        ``MAX_QUEUE`` away.
        """
        of_tokens = None if self._tokens is None else Charge(self._tokens, tokens)
        of_requests = None if self._requests is None else Charge(self._requests, exact=self._requests.amount <= MAX_EXACT)
        charges = [charge for charge in (of_tokens, of_requests) if charge is not None]
        try:
            while model and (closed := self._limiter.closed_for(model)):
                if closed > patience:
                    raise TooLongToWait(closed, asked=True)
                await asyncio.sleep(closed + MOMENT)
            await self._limiter.wait(charges, patience=MAX_QUEUE, patience_if_asked=patience)
        except TooLongToWait as wait:
            if wait.asked:
                raise RateLimited(
                    f"{host} refuses more calls for another {span(wait.seconds)}.",
                    hint=f"Resume the run in {span(wait.seconds)}.",
                    retry_after=wait.seconds,
                ) from None
            raise RateLimited(
                f"The calls that wait for {host} fill its limits for {span(wait.seconds)}.",
                hint=f"Resume the run in {span(wait.seconds)}, or raise the connection's limits: "
                "mgx model update NAME --requests-per-minute N --tokens-per-minute N",
                code="rate_queue_full",
                retry_after=wait.seconds,
            ) from None
        return Turn(self._limiter, of_tokens)

    def close_for(self, seconds: float, model: str = "") -> None:
        """Lets nobody in for ``seconds``: the endpoint has said so. ``model``: only those who ask this one, for providers limit
        each model by itself."""
        self._limiter.close(seconds, model)
