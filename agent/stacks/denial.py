"""Whether a text denies a word that it names: "without axios", "axios kullanma"."""

from __future__ import annotations

import re
from functools import lru_cache

from agent.patterns import linear

LOOKED_AT = 160
"""Characters before and after a word that are looked at for what they make of it."""
MAX_WORD = 214
"""Characters of a package's name that are looked for; npm allows no more in one."""
KEPT = 2_000
"""Words and texts of which the form that is searched is kept: those of the catalogue, and some of the last task."""
MIN_SUFFIXED = 5
"""Letters of a name that may have a Turkish ending without an apostrophe: "laravelde", not "goa"."""

DETERMINERS = (
    r"(?:(?:a|an|the|our|my|your|their|its|this|that|these|those|any|all|every|each|another|own|old|new|existing|"
    r"legacy|current|"
    r"former|separate|whole|entire|plain|pure|vanilla|bare|little|small|big|huge|heavy|other|full|simple|dedicated|standalone|"
    r"bir|eski|mevcut|yeni|düz|sade|ayrı|bu|şu|tüm|bütün)\s+)*"
)
_URL = linear(r"\b(?:https?://|www\.)\S+")
_SPACES = linear(r"[\t\r\f\v \pZ]+")
_LINES = linear(r" ?\n[\n ]*")
_SUFFIX = r"(?:(?:[yns]?[aeıiuü]|[dt][ae]n?|y?l[ae]|l[iıuü]|s[iıuü]z|[ns]?[iıuü]n|[iıuü]m[iıuü]z\w*)(?![\w+#]))?"
_BEFORE = linear(
    r"(?:\b(?:not|no|neither|nor|without|never|except|avoid|avoiding|excluding|instead of|rather than|as opposed to|"
    r"in place of|(?:any|every)thing (?:but|other than)|"
    r"kein(?:e[mnrs]?)?|ohne|nicht|(?:an)?statt|anstelle von|sans|pas de|au lieu de|plutôt que|en (?:lugar|vez) de|"
    r"(?:don't|do not|does not|doesn't|did not|didn't|won't|will not|can't|cannot|no longer|never) "
    r"(?:use|want|need|like|require|have))\s+)"
    r"(?:(?:use|using|in|with|as|need|of)\s+)*" + DETERMINERS + r"(?:(?:\S+,\s+)*\S+\s+(?:or|nor|and|veya|ya da|ve)\s+)?$"
)
_EXEMPT = linear(
    r"\b(?:no|not|never|without|avoid\w*|none|nothing|\w+n't)\b[^.!?;\n]*\b(?:except(?: for)?|excluding|other than)\s+"
    + DETERMINERS
    + r"(?:\S+,?\s+(?:(?:and|or)\s+)?){0,5}$"
)
"""What a denial excepts is allowed: "no new packages except axios"."""
_LISTED_BEFORE = linear(r"\b(?:not|no|neither|without|avoid|(?:don't|do not) (?:use|want|need))\s+(?:\S+,\s+)+$")
_LISTED_AFTER = linear(r"^(?:,\s*\S+)*,?\s+(?:or|nor)\s")
_AFTER = linear(
    r"^(?:'?[\pL\pN_]+)?\s+(?:(?:veya|ya da|ve)\s+\S+\s+)?"
    r"(?:değil|degil|yerine|olmadan|olmasın|olmaz|hariç|kullanma(?:dan|yalım|yın|yacağız)?|istemiyor[\pL\pN_]*|"
    r"istemem|istenmiyor|"
    r"is not|isn't|are not|must not be used|must not)(?:[^\pL\pN_]|$)"
)


def rules_out(text: str, word: str) -> bool:
    """True when ``text`` denies ``word`` wherever it names it."""
    prose, wanted = normal(text).lower(), normal(word[:MAX_WORD]).lower()
    if wanted.split(" ", 1)[0].rstrip("*") not in prose:
        return False
    hits = list(pattern_of(wanted).finditer(prose))
    return bool(hits) and all(is_denied(*around(prose, hit.start(), hit.end())) for hit in hits)


def is_denied(before: str, after: str) -> bool:
    """Whether what stands ``before`` and ``after`` a word denies it; both are lower case, as ``normal`` gives them."""
    if _EXEMPT.search(before):
        return False
    if _BEFORE.search(before) or _AFTER.search(after):
        return True
    return bool(_LISTED_BEFORE.search(before) and _LISTED_AFTER.search(after))


def around(prose: str, start: int, end: int) -> tuple[str, str]:
    return prose[max(0, start - LOOKED_AT) : start], prose[end : end + LOOKED_AT]


@lru_cache(KEPT)
def normal(text: str) -> str:
    """Without addresses, with single spaces and line ends; the Turkish capital İ becomes an I that is lowered to a plain i."""
    plain = _URL.sub(" ", text.replace("İ", "I").replace("’", "'"))
    return _LINES.sub("\n", _SPACES.sub(" ", plain))


@lru_cache(KEPT)
def pattern_of(word: str) -> re.Pattern[str]:
    """Finds ``word`` as a whole, in a text that is lower case; ``stem*`` with any ending, long names with a Turkish one."""
    body = r"[\s-]+".join(re.escape(part) for part in word.rstrip("*").split(" "))
    may_have_one = len(word) >= MIN_SUFFIXED and word.isalpha()
    ending = r"\w*" if word.endswith("*") else (_SUFFIX if may_have_one else "") + r"(?![\w+#])"
    return re.compile(rf"(?<![\w.]){body}{ending}")
