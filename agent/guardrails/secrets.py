"""Credentials in the answer. Only formats with a fixed mark are looked for, so that what is found is one.

Sources: GitHub's token formats (github.blog, "Behind GitHub's new authentication token formats"), AWS IAM identifiers, and the
providers' own documentation of their key prefixes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from agent.guardrails.answer import CheckedAnswer
from agent.guardrails.result import GuardrailFinding
from agent.patch import FileBlock
from agent.patterns import linear

_KINDS = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16,}",
    "an AWS access key id": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})\b",
    "an API key": r"\bsk-(?:proj-|ant-|or-)?[A-Za-z0-9_-]{24,}",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "a Google API key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "a Stripe key": r"\b[sr]k_live_[A-Za-z0-9]{20,}\b",
}
_SEARCH = linear("|".join(f"(?P<k{number}>{pattern})" for number, pattern in enumerate(_KINDS.values())))
_NAMES = tuple(_KINDS)
_PLACEHOLDER = linear(r"EXAMPLE|example|your[-_]|placeholder|changeme|xxxx|0000000|1234567890")
MAX_FOUND = 20
"""Secrets of one file that are reported; the rest is found once these are gone."""
_MIN_DISTINCT = 8
"""A placeholder (`sk-xxxxxxxx…`) has few different characters."""


def secrets(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    """Secrets that the answer brings; one that the file held before is not the answer's. None is ever repeated."""
    for block in answer.safe:
        yield from islice(_new_in(answer, block), MAX_FOUND)


def _new_in(answer: CheckedAnswer, block: FileBlock) -> Iterator[GuardrailFinding]:
    before: frozenset[str] | None = None
    line, counted = 1, 0
    for hit in _SEARCH.finditer(block.content):
        if _is_placeholder(hit[0]):
            continue
        if before is None:
            before = frozenset(known[0] for known in _SEARCH.finditer(answer.text_before(block.path) or ""))
        if hit[0] in before:
            continue
        kind = _NAMES[int((hit.lastgroup or "k0")[1:])]
        line, counted = line + block.content.count("\n", counted, hit.start()), hit.start()
        hint = "Read it from an environment variable and document the variable's name."
        yield GuardrailFinding("secret_in_output", f"This line contains {kind}.", hint, block.path, line)


def _is_placeholder(text: str) -> bool:
    if _PLACEHOLDER.search(text):
        return True
    return len(set(text.rsplit("-", 1)[-1].rsplit("_", 1)[-1])) < _MIN_DISTINCT
