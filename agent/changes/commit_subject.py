"""One commit's subject in its parts: what stands before the description, and of which kind it is.

Types are those of Conventional Commits 1.0.0 (conventionalcommits.org) as Angular and its kin use them.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.patterns import linear

CONVENTIONAL, BRACKET, COLON, TICKET, PLAIN = "conventional", "bracket", "colon", "ticket", "plain"
TYPES = frozenset((
    "feat", "feature", "fix", "hotfix", "docs", "doc", "style", "refactor", "perf", "test", "tests", "build", "ci",
    "chore", "revert", "deps", "dep", "release", "security", "wip", "i18n", "config", "ops", "types", "dx", "workflow",
    "examples",
))  # fmt: skip
NUMBER_SUFFIX = linear(r"(?: \((?:#|!)\d{1,9}\))+$")
"""What services put behind the subject of a squashed pull request."""

_CONVENTIONAL = linear(r"^([A-Za-z0-9]{2,12})(?:\(([^()]{1,60})\))?!?: +")
_TICKET = linear(r"^\[?([A-Z][A-Z0-9_]{1,9})-\d{1,7}\]?(?: *[:–-])? +")
_BRACKET = linear(r"^\[([^\[\]]{1,40})\]:? +")
_COLON = linear(r"^([A-Za-z0-9_./*@+,{}-]{1,40}(?:[ :] ?[A-Za-z0-9_./*+-]{1,30})?): +")
_EMOJI = linear(r"^(?::[a-z0-9_+-]{1,40}:|[^\x00-\x7f]{1,4}) *")


@dataclass(frozen=True)
class SubjectParts:
    """``name`` is the type, the part or the key of the tickets; ``prefix`` the number of characters before ``description``."""

    form: str
    name: str
    scope: str
    prefix: int
    description: str


def parts_of(subject: str) -> SubjectParts:
    found = _CONVENTIONAL.match(subject)
    if found and found[1].lower() in TYPES:
        return _parts(CONVENTIONAL, found[1], found[2] or "", found.end(), subject)
    for form, pattern in ((TICKET, _TICKET), (BRACKET, _BRACKET), (COLON, _COLON)):
        if found := pattern.match(subject):
            return _parts(form, found[1], "", found.end(), subject)
    emoji = _EMOJI.match(subject)
    at = emoji.end() if emoji and not subject[0].isalpha() else 0
    return _parts(PLAIN, "", "", at, subject)


def _parts(form: str, name: str, scope: str, prefix: int, subject: str) -> SubjectParts:
    return SubjectParts(form, name, scope, prefix, subject[prefix:])
