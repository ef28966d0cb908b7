"""Reads the body of a refusal, whatever its shape: an object, a list of them, text, or a web page.

Providers and the proxies before them word one fault in many shapes: ``{"error": {"message": …}}`` (OpenAI), the same in a list
(Gemini), ``{"detail": [{"loc": …, "msg": …}]}`` (FastAPI), ``error.metadata.raw`` (OpenRouter, often JSON again as text),
``{"message": …}`` beside an ``error`` that is a title only (Spring, Cohere), plain text, and the HTML of a gateway. What a
server repeats of the request is left out: a prompt about content filters must not be taken for a refusal by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.documents import Unreadable, read_json
from agent.patterns import linear

MAX_BODY = 200_000
"""Characters of a body that are read."""
MAX_WHOLE = 20_000
"""Characters of it that decisions look at."""
MAX_TEXTS = 200
MAX_DEPTH = 12
MAX_JOINED = 3
"""Complaints of one kind (``detail`` of FastAPI) that people are shown."""

SAID = frozenset(("message", "msg", "detail", "raw"))
"""Keys of what is said to people; the innermost is the most exact."""
SAID_ELSE = frozenset(("error", "errors", "error_message", "errormessage", "error_description", "reason", "title"))
CODES = frozenset(("code", "type", "status", "reason", "error_code"))
ECHOES = frozenset(
    ("input", "inputs", "flagged_input", "messages", "prompt", "request", "request_body", "payload", "url", "stack", "trace",
     "traceback", "stacktrace")
)  # fmt: skip
"""Keys below which a server repeats the request, or its own code."""

_TITLE = linear(r"(?i)<title[^>]*>([^<]{1,300})")
_HEADING = linear(r"(?i)<h1[^>]*>([^<]{1,300})")
_TAG = linear(r"<[^<>]*>")


@dataclass(frozen=True)
class ErrorBody:
    """``words`` is what it says to people, ``whole`` all of its texts with the names of their fields, ``codes`` its
    machine-readable names, ``status`` the HTTP status that it names itself (an error that a gateway passes on with 200)."""

    words: str = ""
    whole: str = ""
    codes: str = ""
    status: int | None = None


@dataclass(frozen=True)
class _Text:
    depth: int
    key: str
    text: str
    place: str = ""
    """The field of the request that it is about."""


def read_error(body: object) -> ErrorBody:
    """``body`` is text, or what was parsed of it."""
    texts = [found for found, _ in zip(_walk(body, "", 0, ""), range(MAX_TEXTS), strict=False)]
    whole = "\n".join(f"{found.key}: {found.text}" if found.key else found.text for found in texts)
    codes = " ".join(found.text for found in texts if found.key in CODES and len(found.text) <= 200)
    return ErrorBody(_words(texts), whole[:MAX_WHOLE], codes[:MAX_WHOLE], _status(body))


def _words(texts: list[_Text]) -> str:
    for keys in (SAID, SAID_ELSE, frozenset(("",))):
        said = [found for found in texts if found.key in keys and found.text.strip()]
        if said:
            innermost = max(found.depth for found in said)
            lines = dict.fromkeys(
                f"{found.place}: {found.text}" if found.place and found.place not in found.text else found.text
                for found in said
                if found.depth == innermost
            )
            return "; ".join(list(lines)[:MAX_JOINED])
    return ""


def _walk(value: Any, key: str, depth: int, place: str) -> Iterator[_Text]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, str):
        text, inner = _parsed(value[:MAX_BODY]) if depth + 2 <= MAX_DEPTH else (value[:MAX_BODY], None)
        if text:
            yield _Text(depth, key, text, place)
        if inner is not None:
            yield from _walk(inner, key, depth + 1, place)
    elif isinstance(value, Mapping):
        place = _place(value) or place
        for name, part in value.items():
            if isinstance(name, str) and name.lower() not in ECHOES:
                yield from _walk(part, name.lower(), depth + 1, place)
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part, key, depth + (not isinstance(part, str)), place)


def _place(error: Mapping[str, Any]) -> str:
    """FastAPI: ``["body", "stream_options"]``."""
    loc = error.get("loc")
    if not isinstance(loc, list):
        return ""
    return ".".join(str(part) for part in loc[:8] if isinstance(part, str | int) and part != "body")[:200]


def _parsed(text: str) -> tuple[str, Any]:
    """A text, of a web page its title, and the JSON object in it: the words of a gateway often stand before the provider's."""
    stripped = text.strip()
    if stripped[:1] == "<" and ("<html" in stripped[:2_000].lower() or "<!doctype" in stripped[:200].lower()):
        hit = _TITLE.search(stripped) or _HEADING.search(stripped)
        return " ".join((hit[1] if hit else _TAG.sub(" ", stripped[:MAX_WHOLE])).split())[:2_000], None
    end = max(stripped.rfind("}"), stripped.rfind("]"))
    for start in sorted({stripped.find("{"), stripped.find("[")} - {-1}):
        if start < end:
            try:
                value = read_json(stripped[start : end + 1])
            except Unreadable:
                continue
            if _tells(value):
                return stripped[:start].strip(), value
    return text, None


def _tells(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_tells, value[:8]))
    return isinstance(value, dict) and any(name.lower() in SAID | SAID_ELSE for name in value)


def _status(body: Any) -> int | None:
    if isinstance(body, str):
        body = _parsed(body[:MAX_BODY])[1]
    if isinstance(body, list) and body:
        body = body[0]
    for _ in range(2):
        if not isinstance(body, Mapping):
            return None
        for key in ("code", "status", "status_code"):
            value = body.get(key)
            if isinstance(value, str) and value.isdecimal() and len(value) == 3:
                value = int(value)
            if isinstance(value, int) and 400 <= value < 600:
                return value
        body = body.get("error")
    return None
