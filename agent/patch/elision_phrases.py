"""How models say that code stands where they wrote none: "rest unchanged", "existing code", in English and other languages.

A phrase is what is left of a line without its comment marks, brackets and dots, in lower case.
"""

from __future__ import annotations

import re

from agent.patch import elision_words

MAX_PHRASE = 120
MAX_WORDS = 14

FIRST_LOOK = re.compile(
    r"rest|remain|unchanged|same|existing|original|previous|omitted|other|everything|nothing|continue|snip|as is|"
    r"as before|etc|"
    r"no change|untouched|elided|truncated|unmodified|intact|identical|keep|lines|more|skipped|as above|code|"
    r"not change|not modif|as it|reszta|zbytek|sisa|"
    r"tetap|bez zm|inchang|cambi|altera|invariat|ongewijzigd|blijft|kalan|ennallaan|loput|neschimbat|sans |ohne |"
    r"igual|unver|ndret|bisher|"
    r"zuvor|brig|uguale|berubah|gleich|gehabt|esistente|istniej|stesso|mismo|mesmo|samma|samme|weglassen|ausgelassen",
    re.IGNORECASE,
)
"""What an ASCII line without dots has, in one of the languages, if it stands for others."""

_NOUN = (
    r"(?:files?|code|functions?|class(?:es)?|methods?|modules?|components?|page|contents?|document|documentation|"
    r"implementations?|scripts?|config(?:uration)?|sections?|body|logic|blocks?|text|lines?|imports?|tests?|cases|styles?|"
    r"rules|markup|html|css|fields|properties|routes|handlers|definitions?|declarations?|settings|entries|article|story|"
    r"chapter|template|schema|constants|variables|helpers|parts?|source|program|app|story|readme|list|table|statements?|rest)"
)
_KEPT = (
    r"(?:(?:is|are|remains?|remain|stays?|stay|left|kept|keep|goes|go|all|still|exactly|completely) ){0,3}"
    r"(?:unchanged|untouched|the same|same|identical|intact|as[- ]is|as (?:it|they) (?:is|was|are|were)|(?:as|like) before|"
    r"as above|omitted|unmodified|not changed|not shown|elided|truncated|in place|unaltered|preserved|continues?)"
    r"(?: as (?:before|above|is))?(?: (?:for|due to) \w+)?"
)
_ARTICLE = r"(?:(?:the|this|that|your|our|my|all|and|then|with|keep|leave|include|insert|of|in) ){0,4}"
_STRONG = re.compile(
    rf"{_ARTICLE}(?:rest|remainder|remaining (?:part|portion|code|lines)|balance)(?: of)? {_ARTICLE}"
    rf"(?:[\w'./-]+ ){{0,4}}{_NOUN}(?: (?:of|in|for|from) [\w'. -]{{1,40}})?(?:[ ,:;-]{{1,3}}{_KEPT})?|"
    rf"{_ARTICLE}(?:rest|remainder|everything(?: else)?|all else|nothing else)[ ,:;-]{{1,3}}{_KEPT}|"
    rf"(?:{_ARTICLE}(?:rest|remaining|other|others|existing|previous|original|old|current|unchanged|same) )"
    rf"(?:[\w'./-]+ ){{0,4}}?{_KEPT}|"
    rf"{_ARTICLE}(?:(?:existing|unchanged|remaining|pre-existing) (?:[\w'-]+ )?"
    rf"(?:code|contents?|implementation|logic|body|file|lines)|(?:previous|original|same) code)"
    rf"(?:[ ,:;-]{{1,3}}{_KEPT}| (?:goes |comes |is )?here)?|"
    rf"{_ARTICLE}(?:existing|previous|original|old) (?:[\w'-]+ )?(?:{_NOUN}|jsx|elements|children) (?:stays?|remains?)|"
    rf"{_ARTICLE}(?:rest|remaining|existing|unchanged) (?:[\w'-]+ ){{0,4}}(?:goes |go |comes |is |are )?here|"
    rf"(?:it|this|{_ARTICLE}(?:[\w'-]+ ){{0,2}}?{_NOUN})?[ ]?(?:remains?|stays?|is|are|left|kept|keep) "
    rf"(?:the same|unchanged|as[- ]is|as before|untouched|intact|identical)(?: as (?:before|above))?|"
    rf"(?:same|identical|exactly) (?:as|like|to) (?:before|above|(?:the )?original|previously|existing)(?: [\w']+){{0,3}}|"
    rf"(?:{_ARTICLE}(?:[\w'-]+ ){{0,3}})?(?:omitted|truncated|elided|snipped|abbreviated|shortened|skipped) for [\w]+|"
    rf"{_ARTICLE}{_NOUN} (?:omitted|truncated|elided|snipped|unchanged|not shown)(?: here)?|"
    rf"(?:keep|leave|retain|preserve) {_ARTICLE}(?:rest|existing|remaining|other|everything|original|previous)"
    rf"(?: [\w'-]+){{0,3}}? "
    rf"(?:code|contents?|implementation|logic|methods|functions|imports|file|lines|{_KEPT})|"
    rf"(?:keep|leave) {_ARTICLE}(?:rest|everything)|"
    rf"snip|snipped|no (?:other )?changes? (?:needed |required |to {_ARTICLE})?(?:here|below|above|{_NOUN})"
)
_SINGLE = re.compile(
    rf"unchanged|omitted|truncated|elided|no changes?(?: needed)?|same|as (?:before|above|is)|etc|previous implementation|"
    rf"(?:existing|remaining|other|unchanged|previous) (?:[\w'-]+ ){{0,2}}{_NOUN}"
)
_BARE = re.compile(r"unchanged|omitted|truncated|elided|no changes?(?: needed)?|same|as before|as above")
_WORD = re.compile(
    r"\b(?:rest|remain\w*|remainder|existing|unchanged|same|others?|previous|original|omitted|code|more|etc|continue[sd]?|"
    r"before|keep|here|imports?|methods?|functions?|fields?|snip\w*|truncated|elided|stays?|as is|implementation|logic|"
    r"contents?|lines|similar|unmodified|untouched|skipped|goes|your|class|tests?|body|brevity)\b"
)
_SURE_WORD = re.compile(
    r"\b(?:rest|remain\w*|remainder|existing|unchanged|omitted|unmodified|untouched|truncated|elided|snip\w*)\b"
)
_TOKEN = re.compile(r"[^\W_][\w'’.()-]*|\d+")
MAX_NAMES = 4
_CLOSED = re.compile(
    rf"(?:{_NOUN}|unchanged|untouched|same|identical|intact|unmodified|unaltered|preserved|omitted|truncated|"
    rf"elided|snip(?:ped)?|"
    r"skipped|retained|rest|remainder|remaining|remains?|everything|others?|else|all|nothing|existing|original|"
    r"previous|current|old|"
    r"below|above|here|following|onwards?|down|after|before|until|end|top|bottom|point|past|far|stays?|is|are|"
    r"was|were|be|keep|"
    r"kept|keeps|leave|left|continues?|continued|goes|go|chang(?:es?|ed)|modified|needed|required|follows?|"
    r"comes?|ends?|begins?|"
    r"the|this|that|these|those|of|in|from|to|for|and|or|with|without|no|not|any|further|more|additional|as|it|"
    r"they|exactly|still|"
    r"just|your|my|our|way|now|brevity|did|does|do|have|has|been|there|where|etc|so|on|up|than|both|every|each|part|portion|"
    r"\d+(?:-\d+)?|snippet|hidden|collapsed|abbreviated|shortened|shown|intentionally|space|reasons?|like|chars?|"
    r"items?)[.):,]*"
)
_A_NAME = re.compile(r"[\w.]+\(\)|\w+_\w+|[\w-]+\.\w{1,5}")
_KEEPING = re.compile(
    r"\b(?:remains?|stays?|are|is|left|kept|keep|leave)\b.*\b(?:unchanged|untouched|same|identical|intact|unmodified|as)\b"
)
_SAYING = re.compile(
    r"\b(?:unchanged|untouched|unmodified|unaltered|omitted|truncated|elided|snipped|retained)\b|"
    r"\b(?:remains?|stays?|are|is|keep|kept|leave|left|continues?|goes|were|was)\b.*\b(?:same|identical|intact|"
    r"preserved|hidden|"
    r"collapsed)\b|"
    r"\b(?:rest|remainder|everything(?: else)?|all else|all others?)\b.*\b(?:same|remains?|stays?|continues?|goes|"
    r"as (?:before|is|it|they))\b|"
    r"\bno(?:thing)?\b.*\bchang(?:es?|ed)\b.*\b(?:below|above|after|here|following|point|past|onwards?|rest)\b|"
    r"\b(?:below|above|after|following|rest|here)\b.*\bno(?:t|thing)?\b.*\b(?:chang(?:es?|ed)|modified)\b|"
    r"\b(?:code|file|contents?|class|function|rest|original|implementation|lines?)\b.*\bcontinues?\b|"
    r"\bcontinues? (?:as|with) (?:before|above|the (?:original|existing|rest))\b|"
    r"\b(?:rest|remainder|remaining|everything|all)\b.*\bas (?:before|is|(?:it|they) (?:is|was|are|were))\b|"
    r"\ball (?:the )?others? (?:lines?|code|functions?|methods?|settings|fields)\b|\b\d+ (?:more|other|further) lines?\b|"
    r"\b(?:continues?|with|keep) (?:with )?the (?:original|existing|previous|rest)\b|\blines? \d+(?:-\d+|"
    r" to \d+)\b|\bkeep(?: the)? (?:rest|everything)\b"
)
_HINT = re.compile(
    r"\b(?:rest|remain\w*|unchanged|same|existing|original|previous|omitted|more|others?|etc|continues?|snip\w*|"
    r"as is|as before|"
    r"no changes?|untouched|elided|truncated|unmodified)\b"
)
_CODE_WORD = re.compile(r"(?:methods?|functions?|codes?|implementations?|bodies|stuff|things)")
_IS = re.compile(r"\b(?:is|are|was|were|remains?|stays?)\b")
_OF_ONE = re.compile(r"\b(?:rest|remain\w*|remainder|everything|others?|existing|original|previous|code|below|above|lines?)\b")


def is_said(words: str) -> bool:
    """True for what can only mean left out code, said of code."""
    if len(words) > MAX_PHRASE:
        return False
    return bool(_STRONG.fullmatch(words)) or is_closed(words) or elision_words.is_said(words)


def is_closed(words: str) -> bool:
    """True where all words are of what is said about left out code, and one of them says it."""
    tokens = _TOKEN.findall(words)
    if not 2 <= len(tokens) <= MAX_WORDS:
        return False
    known = [token for token in tokens if _CLOSED.fullmatch(token)]
    names = [token for token in tokens if not _CLOSED.fullmatch(token)]
    if len(names) > MAX_NAMES or not all(len(name) == 1 or _A_NAME.fullmatch(name) for name in names):
        return False
    text = " ".join(known)
    if names and not _KEEPING.search(text):
        return False
    return bool(_SAYING.search(text))


def is_loose(words: str) -> bool:
    """True for words that mean it where the original had lines that are gone."""
    if elision_words.is_loose(words):
        return True
    tokens = _TOKEN.findall(words)
    return 0 < len(tokens) <= MAX_WORDS and (
        all(_CLOSED.fullmatch(token) or _CODE_WORD.fullmatch(token) for token in tokens) and _HINT.search(words) is not None
    )


def is_of_one(words: str) -> bool:
    """True for what may also be said of one thing in a branch of a program: "the file is unchanged"."""
    return words.isascii() and _IS.search(words) is not None and _OF_ONE.search(words) is None


def is_said_of_rest(words: str) -> bool:
    """True for what can only mean left out code and is said of all of it: "the rest is unchanged"."""
    return is_said(words) and _OF_ONE.search(words) is not None


def may_be_said(words: str) -> bool:
    """True for what means it where nothing else follows: "unchanged" by itself."""
    return bool(_SINGLE.fullmatch(words))


def is_bare(words: str) -> bool:
    """True for a word or two that mean it in the place of lines that were there."""
    return bool(_BARE.fullmatch(words))


def is_meant(words: str, *, sure: bool = False) -> bool:
    """True for words beside dots that make them an elision; ``sure`` where only few words do, and what is being done
    ("loading the remaining lines …") does not."""
    if is_said(words) or may_be_said(words):
        return True
    if not sure:
        return _WORD.search(words) is not None
    first = words.split(" ")[:3]
    doing = first[0].endswith("ing") and _SURE_WORD.fullmatch(first[0]) is None
    return not doing and _SURE_WORD.search(" ".join(first)) is not None
