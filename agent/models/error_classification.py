"""Classifies an endpoint's error: providers word the same few faults in many ways.

The wordings are those of OpenAI, Azure, Anthropic, OpenRouter, vLLM, llama.cpp and Ollama, as their issue trackers quote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.patterns import linear

FaultKind = Literal[
    "overflow", "filtered", "tools", "no_credit", "limited", "unauthorized", "unknown_model", "unavailable", "refused"
]

OVERFLOW = linear(
    r"(?i)context_length_exceeded|exceed_context_size|context_window_exceeded"
    r"|maximum context length|max(?:imum)?_model_len|context (?:length|window|size) (?:is|of) only|available context size"
    r"|exceed\w*[^.]{0,60}context (?:length|window|size|limit)|context (?:length|window|size|limit)[^.]{0,60}exceed"
    r"|prompt is too long|prompt (?:\([^)]*\) )?is too long|input is too long|too many input tokens"
    r"|input (?:tokens|length) exceed|request_too_large|request too large"
    r"|larger than (?:the )?(?:model's )?context|exceeds? (?:the )?limit of \d+ tokens"
)
FILTERED = linear(
    r"(?i)content_filter|content filter|content_policy|content management policy|content policy|ResponsibleAIPolicy"
    r"|safety system|flagged|usage polic(?:y|ies)|moderation"
)
TOOLS = linear(r"(?i)\btools?\b|tool_choice|tool[_ -]?call|function[_ -]?call|\bfunctions\b")
LACKS_TOOLS = linear(r"(?i)support|require|enable|not allowed|unrecognized|unknown|unexpected|not permitted|unsupported")
NO_CREDIT = linear(r"(?i)insufficient_quota|insufficient (?:credit|balance|funds)|credit balance|exceeded your current quota")
UNAVAILABLE = linear(r"(?i)overloaded|server_error|api_error|temporarily|try again later|unavailable|internal error|timeout")

LIMITED = linear(r"(?i)rate_limit|rate limit")
MAX_WORDS = 20_000
"""Characters of an error that are read."""


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
        body = getattr(error, "body", None)
        return cls(status, _message(body) or str(error.message), str(error.message), _codes(body), headers)

    def classify(self, *, with_tools: bool) -> FaultKind:
        said = f"{self.code[:MAX_WORDS]} {self.words[:MAX_WORDS]} {self.whole[:MAX_WORDS]}"
        if self.status == 402 or NO_CREDIT.search(said):
            return "no_credit"
        if self.status == 413 or (self.status not in (401, 404) and OVERFLOW.search(said)):
            return "overflow"
        if (self.status is None or 400 <= self.status < 429) and FILTERED.search(said):
            return "filtered"
        if with_tools and self._refuses_tools(said):
            return "tools"
        return self._by_status(said)

    def _refuses_tools(self, said: str) -> bool:
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


def _error_in(body: object) -> Mapping[str, Any]:
    """The error object, whether or not it is wrapped in ``error``."""
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    return body if isinstance(body, Mapping) else {}


def _message(body: object) -> str:
    error = _error_in(body)
    return next((text for key in ("message", "detail", "error") if isinstance(text := error.get(key), str)), "")


def _codes(body: object) -> str:
    body = _error_in(body)
    inner = body.get("innererror")
    codes = [body.get("code"), body.get("type"), inner.get("code") if isinstance(inner, Mapping) else None]
    return " ".join(code for code in codes if isinstance(code, str))
