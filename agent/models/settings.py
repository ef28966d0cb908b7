"""The settings of an endpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.models.prices import Prices
from agent.rate_limits import LimitStore

Kind = Literal["openai", "anthropic", "offline"]
EditFormat = Literal["manifest", "search_replace", "unified", "envelope"]


@dataclass(frozen=True)
class ModelSettings:
    """One endpoint and its models. Only ``kind`` and ``model`` are needed; None is not known, or no limit."""

    kind: Kind
    model: str = ""
    """The endpoint's own name for it."""
    role_models: Mapping[str, str] = field(default_factory=dict)
    """Other models of the endpoint for single roles (``team_leader``, ``engineer``, ``tester``, ``reviewer``)."""
    api_key: str = field(default="", repr=False)
    base_url: str = field(default="", repr=False)
    """Empty: the provider's own. It may hold a password, so it is not shown."""
    address_allowed: Callable[[str], bool] | None = field(default=None, repr=False, compare=False)
    """Whether an IP address may be connected to; each connection asks. None: any, the endpoint is the operator's own."""
    prices: Prices | None = None
    """Of every model of the endpoint: where they differ, those of the dearest."""
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    """Sent as the limit of an answer. None: no limit is sent where the API allows that, and the stream is cut instead."""
    native_tools: bool | None = None
    """None: they are tried, and the endpoint's refusal is remembered."""
    edit_format: EditFormat | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    limits: LimitStore | None = field(default=None, repr=False, compare=False)
    """Where these are counted, and how long the endpoint wants to be left alone. None: in this process."""
    timeout: float = 600
    """Seconds that one attempt may take as a whole."""
    stall_timeout: float = 90
    """Seconds of silence before an answer and within it."""
    max_retries: int = 2
    """Repeats of a call that failed before it answered; 0 also means not to wait for a rate limit."""
    max_wait: float = 30
    """Seconds that a call waits between its repeats, all in all. A longer ``Retry-After`` is not waited for."""
    first_delay: float = 0.5
    """Seconds before the first repeat where the endpoint names no time; doubled for each further one, with jitter."""

    def __post_init__(self) -> None:
        # from a file or a form: a line break behind a key can't be sent, and nobody means it
        for name in ("model", "api_key", "base_url"):
            object.__setattr__(self, name, getattr(self, name).strip())

    def model_for(self, role: str) -> str:
        return self.role_models.get(role) or self.model

    def route(self, base_url: str) -> str:
        """A digest of who answers at ``base_url``, to whom, and with which limit: the same model name may be another model at
        another endpoint, and be routed otherwise for another account. What else shapes an answer stands in each request."""
        answers = [self.kind, base_url, self.api_key, self.max_output_tokens]
        return hashlib.sha256(json.dumps(answers).encode()).hexdigest()
