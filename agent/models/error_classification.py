"""Classifies an endpoint's error: providers word the same few faults in many ways.

The wordings are those of OpenAI, Azure, Anthropic, OpenRouter, vLLM, llama.cpp and Ollama, as their issue trackers quote them;
those of a prompt that is too long stand in ``overflow_wordings``. Decisions look at the whole body (``error_body``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2

from agent.models.error_body import read_error
from agent.models.overflow_wordings import OVERFLOW, OVERFLOW_UNLESS_LIMITED
from agent.models.retry_after import retry_after
from agent.patterns import linear

FaultKind = Literal[
    "overflow", "filtered", "tools", "no_credit", "limited", "unauthorized", "unknown_model", "unavailable", "refused"
]

FILTERED = linear(
    r"(?i)content_filter|content filter|content_policy|content management policy|content policy|ResponsibleAIPolicy"
    r"|safety system|flagged|usage polic(?:y|ies)|moderation"
)
TOOLS = linear(r"(?i)\btools?\b|tool_choice|tool[_ -]?call|function[_ -]?call|\bfunctions\b")
LACKS_TOOLS = linear(r"(?i)support|require|enable|not allowed|unrecognized|unknown|unexpected|not permitted|unsupported")
NO_CREDIT = linear(r"(?i)insufficient_quota|insufficient (?:credit|balance|funds)|credit balance")
NO_QUOTA = linear(r"(?i)exceeded your current quota")
"""Of an account without credit (OpenAI), or of this minute or day (Gemini, which then says when to come back)."""
WANTS_EXTRAS = linear(
    r"(?i)(?:missing|must|require|expected)[^.]{0,80}(?:reasoning_content|reasoning_details|thought_?signature|thinking)"
    r"|(?:reasoning_content|reasoning_details|thought_?signature|thinking)[^.]{0,80}(?:missing|must be|is required|expected)"
)
"""What a model thought before it called a tool must come back with the call (DeepSeek, Gemini, Anthropic). Where it was never
ours to send, as in a conversation that began with another model, tools are described in words instead."""
BAD_KEY = linear(r"(?i)api_key_invalid|api[ _-]?key (?:is )?(?:not valid|invalid)|(?:invalid|incorrect) api[ _-]?key")
"""Gemini answers 400 to it."""
UNAVAILABLE = linear(r"(?i)overloaded|server_error|api_error|temporarily|try again later|unavailable|internal error|timeout")

LIMITED = linear(r"(?i)rate_limit|rate limit")
MAX_WORDS = 20_000
"""Characters of an error that are read."""
NO_MESSAGE = "Error code: "
"""What the SDKs say where they found nothing."""


@dataclass(frozen=True)
class Fault:
    """An error of an endpoint. ``status`` is None within a stream, whose own status was 200.

    ``words`` is what it says to people, ``whole`` all of it: what stands behind a proxy is often told in its details only.
    """

    status: int | None
    words: str
    whole: str = ""
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: Any) -> Fault:
        """From an ``APIError`` of the openai or anthropic SDK, which name the same things alike."""
        status = getattr(error, "status_code", None)
        response = getattr(error, "response", None)
        if status is not None and status < 300:
            status = None
        headers = {} if status is None or response is None else dict(response.headers)
        # the SDKs keep of an object what stands in its ``error``, which may be a title only
        body = read_error(getattr(error, "body", None) if status is None or response is None else _text_of(response, error))
        message = "" if str(error.message).startswith(NO_MESSAGE) else str(error.message)
        return cls(status or body.status, body.words or message, body.whole or message, body.codes, headers)

    @property
    def said(self) -> str:
        """All that decisions look at."""
        return f"{self.code[:MAX_WORDS]} {self.words[:MAX_WORDS]} {self.whole[:MAX_WORDS]}"

    @property
    def wants_extras(self) -> bool:
        """Whether it misses what the model sent beside its tool calls."""
        return self.status in (400, 422) and WANTS_EXTRAS.search(self.said) is not None

    def classify(self, *, with_tools: bool) -> FaultKind:
        said = self.said
        if self.status == 402 or NO_CREDIT.search(said):
            return "no_credit"
        if NO_QUOTA.search(said) and retry_after(self.headers, said) is None:
            return "no_credit"
        if self.status == 413 or (self.status not in (401, 404) and self._is_overflow(said)):
            return "overflow"
        if (self.status is None or 400 <= self.status < 429) and FILTERED.search(said):
            return "filtered"
        if self.status == 400 and BAD_KEY.search(said):
            return "unauthorized"
        if with_tools and self._refuses_tools(said):
            return "tools"
        return self._by_status(said)

    def _is_overflow(self, said: str) -> bool:
        return bool(OVERFLOW.search(said) or (self.status != 429 and OVERFLOW_UNLESS_LIMITED.search(said)))

    def _refuses_tools(self, said: str) -> bool:
        if self.wants_extras:
            return True
        if self.status in (404, 500, 501) and not LACKS_TOOLS.search(said):
            return False
        return self.status in (400, 404, 422, 500, 501) and TOOLS.search(said) is not None

    def _by_status(self, said: str) -> FaultKind:
        match self.status:
            case 429:
                return "limited"
            case 401 | 403:
                return "unauthorized"
            case 404:
                return "unknown_model"
            case 408 | 409 | 425:
                return "unavailable"
            case None:
                if "authentication" in said or "permission_error" in said:
                    return "unauthorized"
                return "limited" if LIMITED.search(said) else "unavailable"
        return "unavailable" if self.status >= 500 else "refused"


def _text_of(response: Any, error: Any) -> object:
    try:
        return response.text
    except httpx2.StreamError:  # it was closed before it was read
        return getattr(error, "body", None)
