"""The words by which a task and the names in code are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_][\w]*(?:[./\-][\w]+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\dA-Za-z_]+|\d+")
MAX_WORDS = 400
MIN_PART = 3
COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and for with that this from into not are was has have but all any can should must when where what which who"
        " how its it in is on of to at by be an use used using new add adds added make makes made get gets set sets let"
        " lets change changes changed fix fixes fixed please there their them then than also only just more less some such"
        " each both been being does did doing will would could may might need needs want wants work works file files code"
        " line lines test tests function functions class classes method methods return returns keep bir ve ile için ekle"
        " bu da de",
    )
)


def words_of(*texts: str) -> list[str]:
    """Words, identifiers and paths of ``texts`` as they are written, each once, in their order; common ones are left out."""
    found = dict.fromkeys(word for text in texts for word in _WORD.findall(text) if word.lower() not in COMMON)
    return list(found)[:MAX_WORDS]


@lru_cache(maxsize=100_000)
def parts_of(name: str) -> tuple[str, ...]:
    """``HTTPServer_name2`` → http, server, nam: lower case and stemmed, none shorter than three letters."""
    parts = (_stem(part.lower()) for part in _PART.findall(name))
    return tuple(part for part in parts if len(part) >= MIN_PART and part not in COMMON)


def all_parts(words: Iterable[str]) -> set[str]:
    return {part for word in words for part in parts_of(word)}


def _stem(word: str) -> str:
    """Without the commonest English endings: prices, priced and pricing meet. It need not be a word."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    for ending in ("ing", "ed", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= MIN_PART:
            return word[: -len(ending)]
    return word
