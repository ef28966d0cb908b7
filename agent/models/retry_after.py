"""When to retry: what a rate-limited response says about it, in any of the forms that providers use."""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)(?![a-z])", re.I)
_UNIT = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_IN_WORDS = re.compile(r"(?:try again|retry|wait)[^.]{0,20}?((?:\d+(?:\.\d+)?(?:ms|s|m|h))+)(?![a-z0-9])", re.I)
_SECONDS_IN_WORDS = re.compile(r"(?:try again|retry|wait)[^.]{0,20}? (\d+(?:\.\d+)?) ?sec", re.I)
LONGEST = 7 * 86_400.0
MAX_WORDS = 2_000
"""Characters of a header or a message in which a time is looked for."""


def retry_after(headers: Mapping[str, str], words: str = "") -> float | None:
    """Seconds, at least 0 and at most a week; None where neither the headers nor the words name a time.

    ``Retry-After`` (RFC 9110: seconds or an HTTP date) and its ``-ms`` variant come first, then the reset times of the limits
    that are used up (``x-ratelimit-reset-tokens: 6m0s``, OpenAI; ``anthropic-ratelimit-tokens-reset``, an RFC 3339 time;
    ``x-ratelimit-reset``, seconds or milliseconds since 1970), then "try again in 1.2s" in the message.
    """
    headers = {name.lower(): value[:MAX_WORDS].strip() for name, value in headers.items()}
    words = words[:MAX_WORDS]
    found = _number(headers.get("retry-after-ms", ""), 0.001)
    if found is None:
        found = _number(headers.get("retry-after", ""))
    if found is None:
        found = _date(headers.get("retry-after", ""))
    if found is None:
        found = _resets(headers)
    if found is None and (hit := _IN_WORDS.search(words)):
        found = _duration(hit[1])
    if found is None and (hit := _SECONDS_IN_WORDS.search(words)):
        found = _number(hit[1])
    return None if found is None else min(max(found, 0.0), LONGEST)


def backoff(first: float, attempt: int) -> float:
    """Seconds before repeat number ``attempt`` (0 is the first): doubled each time, less up to half of it by chance, so that
    callers who failed together do not come back together."""
    return float(first * 2**attempt * random.uniform(0.5, 1))


def span(seconds: float) -> str:
    """For people: ``7 s``, ``12 min``, ``3 h``."""
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 7200 else f"{math.ceil(seconds / 3600)} h"


def _resets(headers: Mapping[str, str]) -> float | None:
    times = []
    for name, value in headers.items():
        if "ratelimit" not in name or "reset" not in name:
            continue
        if headers.get(name.replace("reset", "remaining"), "0") in ("0", "-1"):
            times.append(_epoch(value) if value.replace(".", "").isdigit() else _duration(value) or _date(value))
    return max((t for t in times if t is not None), default=None)


def _number(text: str, unit: float = 1) -> float | None:
    try:
        value = float(text) * unit
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _epoch(text: str) -> float | None:
    value = _number(text)
    if value is None or value < 1e9:
        return value
    return (value / 1000 if value > 1e11 else value) - time.time()


def _duration(text: str) -> float | None:
    parts = _DURATION.findall(text)
    return sum(float(number) * _UNIT[unit.lower()] for number, unit in parts) if parts else None


def _date(text: str) -> float | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return parse(text).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            continue
    return None
