"""What an object says beside its own decision by which the work is not good enough: in a key, a remark's weight or its words.

A reviewer that approves and says so in the same object has not made up its mind, so it is asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.patterns import linear
from agent.team.parsing.simple_values import FALSE, MAX_ENTRIES, TRUE, simple

MAX_NESTED = 3
_OBJECTS = linear(
    r"(?:is_|has_|was_)?(?:(?:needs?|requires?|requests?|must|should)_.{1,40}|.{0,40}_(?:needed|required|requested|blocking)"
    r"|block(?:s|er|ers|ing|ed)?|blocking_\w{1,20}|reject(?:s|ed)?|denied|fail(?:s|ed|ure)?|broken|revise|not_approved|unapproved|do_not_merge)"
)
_AGREES = linear(
    r"(?:is_|can_|be_|was_|final_|should_|may_)*(?:approved?|lgtm|pass(?:es|ed)?|ok|okay|accept(?:ed|able)?|success(?:ful)?"
    r"|correct|valid|(?:ready|safe|ok|good|approved)_(?:to|for)_(?:merge|ship|release|deploy)|merge(?:able)?|be_merged|shippable)"
    r"|(?:.{0,40}_)?(?:no|non)_.{0,40}(?:needed|required|requested|blocking|blockers?|issues?|problems?|changes)"
    r"|(?:.{0,40}_)?not_(?:needed|required|requested|blocking)"
)
"""Keys of what would be a yes or no: where it is yes, and where it is no, nothing is approved. A key of assent is not one that
objects."""
_WEIGHTS, _GRAVE = ("severity", "priority", "level"), frozenset(("blocker", "blocking", "critical", "must_fix"))

_WORK = r"(?:this|the (?:change|patch|pr|pull request|diff|branch|commit))"
_NOT = r"(?:(?:must|should|can|may)(?: not|n['’]t)|can(?:not|['’]t))"
_DONE = r"(?:merged|approved|shipped|released|deployed|delivered)"
_DO = r"(?:merge|approve|ship|release|deploy|deliver)"
_FORBIDS = linear(
    rf"(?i)\b{_WORK} (?:\w+ )?{_NOT} (?:yet )?be {_DONE}\b"
    rf"|\bit {_NOT} (?:yet )?be {_DONE}(?:[.!;]|$| (?:yet|until|before|as is|like this)\b)"
    rf"|^\W{{0,4}}{_NOT} be {_DONE}\b"
    rf"|\b(?:do not|don['’]t|{_NOT}) {_DO} (?:this|it|yet|until|as is|the (?:change|patch|pr|pull request|branch))"
    r"(?:[\s.,:;!]|$)"
    r"|\bnot (?:yet )?ready (?:to be merged|to merge|for (?:a |the )?merge|to ship)\b"
)
_BLOCKS = linear(r"(?i)^\W{0,4}(?:blocker|blocking(?: (?:issue|problem|bug))?|must[ -]fix)\W{0,4}[:\])—–-]")
_FIRST = linear(
    r"(?i)\b(?:must|has to|have to|needs? to) be (?:fixed|addressed|resolved|changed|restored|removed|corrected|done|reverted)"
    r" before (?:the |this |it )?(?:is )?merg(?:e|ed|ing)\b"
)
_NOTHING = linear(r"(?i)\b(?:no|none|nothing|not|n/a|nobody|neither|never)\b|n['’]t\b")


def objects_to(said: Mapping[str, Any]) -> bool:
    """Whether a key beside the decision or a remark says that the work is not good enough. ``said`` has simple keys."""
    for key, value in said.items():
        answer = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
        if _AGREES.fullmatch(key):
            if answer in FALSE:
                return True
        elif answer in TRUE and _OBJECTS.fullmatch(key):
            return True
    remarks = [entry for value in said.values() if isinstance(value, list) for entry in value[:MAX_ENTRIES]]
    return any(_is_grave(entry) for entry in remarks) or any(map(_forbids, _texts(list(said.values()), MAX_NESTED)))


def _is_grave(remark: Any) -> bool:
    entries = list(remark.items())[:MAX_ENTRIES] if isinstance(remark, dict) else ()
    return any(isinstance(value, str) and simple(str(key)) in _WEIGHTS and simple(value) in _GRAVE for key, value in entries)


def _forbids(words: str) -> bool:
    if _FORBIDS.search(words):
        return True
    if _BLOCKS.search(words):
        return _NOTHING.search(words) is None
    first = _FIRST.search(words)
    return first is not None and _NOTHING.search(words[max(0, first.start() - 80) : first.end()]) is None


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, list | dict):
        for entry in (list(value.values()) if isinstance(value, dict) else value)[:MAX_ENTRIES]:
            yield from _texts(entry, depth - 1)
