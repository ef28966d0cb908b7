"""What a model says of its finished change, as data of known shape and size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.changes.commit_safety import printable
from agent.ports import JSONObject

MAX_SUBJECT = 1_000
MAX_TEXT = 8_000
MAX_ASSUMPTIONS = 20
MAX_ASSUMPTION = 600


def message_of(said: Mapping[str, Any]) -> JSONObject:
    """{summary, subject, body, assumptions} of the arguments of `finish`, whatever stands in them: printable texts of bounded
    length. Empty where neither a subject nor a summary is left."""
    summary, subject, body = (
        _text(said.get(name), most) for name, most in (("summary", MAX_TEXT), ("subject", MAX_SUBJECT), ("body", MAX_TEXT))
    )
    if not (summary or subject):
        return {}
    given = said.get("assumptions")
    texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    assumptions = [" ".join(_text(entry, MAX_ASSUMPTION).split()) for entry in texts[:MAX_ASSUMPTIONS]]
    return {"summary": summary, "subject": subject, "body": body, "assumptions": [entry for entry in assumptions if entry]}


def _text(value: Any, most: int) -> str:
    return printable(value[:most]).strip() if isinstance(value, str) else ""
