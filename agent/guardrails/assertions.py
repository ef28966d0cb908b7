"""Whether a sentence of the task asks for what it names, so that a check may insist on it: not where it denies it, excepts
something, or only asks. What is not told for certain is left to the reviewer, who reads the task as well.
"""

from __future__ import annotations

import re

from agent.patterns import linear

LOOKED_AT = 500
"""Characters before and after: no sentence that means one thing is longer."""
_END = linear(r"[.!?;]+(?:\s|$)|\n")
_PART = linear(r"[,:]\s|[.!?;]+(?:\s|$)|\n|\s(?:but|and|or)\s")
_DENIES = linear(
    r"(?i)\b(?:not|cannot|no|none|nor|neither|never|nothing|without|instead of|rather than|in place of|no longer|unless"
    r"|avoid\w*|refrain\w*|forbid\w*|prohibit\w*|disallow\w*|bann?ed|exclud\w*|omit\w*|ignor\w*|remov\w*|drop\w*|stop\w*"
    r"|refus\w*|skip\w*|must ?n[o’']t"
    r"|nobody|no one|off[ -]limits|overkill|forget|delet\w*|hard[ -]?cod\w*"
    r"|verboten|untersagt|interdit\w*|prohibid\w*|proibid\w*|vietat\w*|não|non|nem|nessun\w*|nu|niet|geen|zonder"
    r"|nicht|nie|niemals|kein\w*|ohne|statt|verzicht\w*|vermeid\w*|pas|jamais|sans|sin|nunca|evit\w*"
    r"|de[gğ]il|yok|asla|olmadan|yerine|hari[cç]|kullan(?:ıl|il)?ma\w*|oku(?:n|nul)?ma\w*)\b"
    r"|n['’]t\b|olmasın|(?:^|[^\pL])(?:не|нельзя|запрещ\pL*)(?:[^\pL]|$)"
)
_DOUBTS = linear(r"(?i)\b(?:if|whether|maybe|perhaps|optional\w*|falls|eğer|either)\b|\?")
_MENTIONS = linear(
    r"(?i)^[\s\"“'*-]*(?:please\s+)?(?:document|describe|explain|mention|list|say why)\b|\b(?:says?|said|claims?)\s+[\"“'«`]"
    r"|\b(?:keep|leave)\b.*\bout\b"
)
"""What is spoken of is not asked for by that, nor what is to be kept out."""
_DESCRIBES = linear(
    r"(?i)\b(?:who|that|which|when|whenever|where|errors?|bugs?|crash\w*|fail\w*|fix\w*|also|support\w*|pass(?:es|ed)?"
    r"|missing|ci job|readme)\b"
)
"""A sentence about what there is, or what others do, asks for something else than what it names."""
_SOFTENS = linear(
    r"(?i)\b(?:(?:where|if|when|whenever|as far as|as much as) (?:ever )?(?:possible|you can|practical|feasible)|try to"
    r"|prefer\w*|ideally|rather|möglichst|wenn möglich|si possible|si es posible|mümkünse)\b"
)
_TELLS = linear(r"(?i)\b(?:there (?:is|are|was|were)|said|says|when|show\w*|found|detected|loaded|(?:test|check)s? that)\b")
_INSISTS = linear(r"(?i)\b(?:ensure|make sure|see to it|must)\b")
_ALLOWS = linear(r"(?i)\b(?:exceptions?|(?:is|are) (?:ok|okay|fine|allowed|welcome|permitted)|ausnahmen?|istisna)\b")
_EXCEPTS = linear(
    r"(?i)\b(?:except\w*|apart from|aside from|other than|besides|beyond|unless|but|may|save for|only (?:if|when|where)|außer"
    r"|hariç|dışında|sauf|salvo)\b"
)


def asks_for(text: str, start: int, end: int, *, set_aside: re.Pattern[str] | None = None) -> bool:
    """Whether the sentence around the characters from ``start`` to ``end`` asks for them. ``set_aside`` finds denials in
    it that speak of something else."""
    before, after = _around(text, start, end, _END)
    rest = set_aside.sub(" ", after) if set_aside is not None else after
    said = f"{before}{text[start:end]}{rest}"
    return not any(pattern.search(said) for pattern in (_DENIES, _DOUBTS, _MENTIONS, _DESCRIBES))


def denies(text: str, start: int, end: int) -> bool:
    """Whether the characters, which deny something, hold: nothing beside them denies that, and nothing is excepted."""
    sentence = " ".join(_around(text, start, end, _END))
    part = " ".join(_around(text, start, end, _PART))
    if _SOFTENS.search(sentence) or _ALLOWS.search(text[end : end + LOOKED_AT]):
        return False
    if _TELLS.search(f"{part} {text[start:end]}") and not _INSISTS.search(sentence):
        return False
    return _DENIES.search(part) is None and _EXCEPTS.search(sentence) is None and _DOUBTS.search(part) is None


def _around(text: str, start: int, end: int, mark: re.Pattern[str]) -> tuple[str, str]:
    """What stands before and after: from behind the next ``mark`` on one side, to behind the next one on the other."""
    before, after = text[max(0, start - LOOKED_AT) : start], text[end : end + LOOKED_AT]
    begun = 0
    for hit in mark.finditer(before):
        begun = hit.end()
    ended = mark.search(after)
    return before[begun:], after if ended is None else after[: ended.end()]
