"""What an endpoint's refusal means: providers word the same few faults in many ways.

The wordings are those of OpenAI, Azure, Anthropic, OpenRouter, vLLM, llama.cpp and Ollama, as their issue trackers quote them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Meaning = Literal[
    "overflow", "filtered", "tools", "no_credit", "limited", "unauthorized", "unknown_model", "unavailable", "refused"
]

OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|context_window_exceeded"
    r"|maximum context length|max(?:imum)?_model_len|context (?:length|window|size) (?:is|of) only|available context size"
    r"|exceed\w*[^.]{0,60}context (?:length|window|size|limit)|context (?:length|window|size|limit)[^.]{0,60}exceed"
    r"|prompt is too long|prompt (?:\([^)]*\) )?is too long|input is too long|too many input tokens"
    r"|input (?:tokens|length) exceed|request_too_large|request too large"
    r"|larger than (?:the )?(?:model's )?context|exceeds? (?:the )?limit of \d+ tokens",
    re.I,
)
FILTERED = re.compile(
    r"content_filter|content filter|content_policy|content management policy|content policy|ResponsibleAIPolicy"
    r"|safety system|flagged|usage polic(?:y|ies)|moderation",
    re.I,
)
TOOLS = re.compile(r"\btools?\b|tool_choice|tool[_ -]?call|function[_ -]?call|\bfunctions\b", re.I)
LACKS_TOOLS = re.compile(r"support|require|enable|not allowed|unrecognized|unknown|unexpected|not permitted|unsupported", re.I)
NO_CREDIT = re.compile(
    r"insufficient_quota|insufficient (?:credit|balance|funds)|credit balance|exceeded your current quota", re.I
)
UNAVAILABLE = re.compile(
    r"overloaded|server_error|api_error|temporarily|try again later|unavailable|internal error|timeout", re.I
)


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

    def meaning(self, *, with_tools: bool) -> Meaning:
        said = f"{self.code} {self.words} {self.whole}"
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

    def _by_status(self, said: str) -> Meaning:
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
                return "limited" if re.search(r"rate_limit|rate limit", said, re.I) else "unavailable"
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
