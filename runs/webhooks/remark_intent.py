"""Whether a reviewer's remark asks for work: a rule, without a model call. What it can't tell is unclear, and its author is
asked; praise must be nothing but praise."""

from __future__ import annotations

import re
from enum import StrEnum

from .remark_forms import (
    CONDITION,
    CURE,
    GLAD,
    LEAVES,
    MOCKS,
    NO,
    NO_FORMS,
    NOT_DONE,
    NOT_YET,
    OVER,
    REQUESTS,
    SIGNED,
    UNSPACED_ASKS,
    UNSPACED_PRAISE,
    UNTROUBLED,
    WITHDRAWS,
    YES,
    YES_FORMS,
)
from .remark_words import (
    AFFIRMED,
    ASKING,
    ASKING_PHRASES,
    BADLY,
    CURED,
    DEFECT_NAMES,
    DEFECTS,
    FILLER,
    HEDGES,
    IMPERATIVES,
    LABELS,
    LEADING,
    MENDED,
    NOT_NEEDED,
    OPENERS,
    PRAISE,
    PRAISE_PHRASES,
    SPOILED,
)

MAX_READ = 4_000
"""Characters of a remark that are read for this; more than that is never praise alone."""
MAX_OPENED = 14
"""Words of a sentence that begins as praise and says what it is for."""

_CODE = re.compile(r"`[^`\n]{0,500}`")
_SHORTCODE = re.compile(
    r":(\+1|thumbsup|tada|rocket|heart|heart_eyes|clap|ok_hand|100|fire|star|sparkles|raised_hands|pray|smile):"
)
_APPROVING = "👍👏🎉🚀❤💯🔥⭐✨🙌🙏😀😃😄😁😊😍🥳✅💪👌🤩"
_DISAPPROVING = "👎🙄😒🤦😡🤬💩😞😠😤🙃🤨😑😬😩😫🤮🤢🖕😭😢☹💔"
_CODED = re.compile(
    r":(?:-1|thumbsdown|roll_eyes|unamused|facepalm|rage|angry|confused|disappointed|upside_down_face|hankey|poop|sob|cry):"
)
_NAME = re.compile(r"(?<![\w@])@[\w-]{1,39}(/[\w-]{1,100})?")
_CLAUSE = re.compile(r"[.!;\n,…:()—–]+|\s-\s|(?<=\?)|(?<=[。！])|[、，]")
_PREDICATES = frozenset(
    ("is", "are", "was", "were", "looks", "look", "works", "work", "passes", "passed", "pass", "seems", "reads", "makes")
)
_OBJECTS = frozenset(("the", "these", "those", "up"))
_PRONOUNS = frozenset(("this", "that", "it"))
_UNSPACED = tuple(word for word in ASKING if word[0] >= "\u3040")
"""Words of languages that are written without spaces."""
_WISH = re.compile(
    r"(?:(?:please|let's|lets|i'd say|i would|i'd|go ahead and|feel free to|can you|you can|we can)[ ,]+){0,3}"
    r"(?:(?:merge|ship)(?: (?:it|this|that|now|away|pr|the pr))*"
    r"|kannst du mergen|(?:tu )?peux (?:fusionner|merger)|puedes fusionar)"
)
"""To merge is what an approval is for, however it is put."""
_TODO = re.compile(r"\bTODO\b|\btodo:")
_WRONG_PLACE = re.compile(r"\bsorry[,.!: ]+wrong \w+")
_AFTER = 3
"""Words of an order's beginning among which a verb makes its first word a noun ("test coverage is fine")."""
_WORD = re.compile(r"\+1|100%|[^\W_](?:[\w'-]*[^\W_])?")


class Intent(StrEnum):
    ASKS = "asks"
    PRAISE = "praise"
    UNCLEAR = "unclear"
    NOTHING = "nothing"
    """There is nothing in it, or an answer that our question was not to be understood so."""


def intent_of(prose: str, *, suggests: bool = False, answers: bool = False) -> Intent:
    """Of a remark's own words. ``suggests``: it proposes other lines; ``answers``: it follows a question of ours whether the
    remark before it asks for a change."""
    if suggests:
        return Intent.ASKS
    text = _unsigned(prose[:MAX_READ]).replace("’", "'")
    text = _WRONG_PLACE.sub("never mind", (text if _TODO.search(text) else re.sub(r"(?i)\btodo\b", "all", text)).lower())
    if not text.strip():
        return Intent.PRAISE if prose.strip() else Intent.NOTHING
    if answers and (found := _answer(text)):
        return found
    named = _NAME.sub(" ", text)
    signs = _SHORTCODE.sub(" ", named)
    label, colon, rest = signs.partition(":")
    if colon and label.strip() in LABELS:
        signs = rest
    kinds = [_kind(clause) for clause in _clauses(signs)]
    if Intent.ASKS in kinds:
        return Intent.ASKS
    disapproves = _CODED.search(text) is not None or any(sign in text for sign in _DISAPPROVING)
    if not kinds and not disapproves:
        applauds = signs != named or any(sign in text for sign in _APPROVING)
        return Intent.PRAISE if applauds else Intent.UNCLEAR
    mocks = disapproves or MOCKS.search(signs.strip(" !\n")) is not None
    if len(prose) <= MAX_READ and Intent.UNCLEAR not in kinds and Intent.PRAISE in kinds and not mocks:
        return Intent.PRAISE
    return Intent.UNCLEAR


def _unsigned(prose: str) -> str:
    """``prose`` without a name below a closing, as of a letter; an order that follows one is not a name."""
    signed = SIGNED.search(prose)
    if signed is None or not (IMPERATIVES | ASKING | DEFECTS).isdisjoint(_WORD.findall(signed.group().lower())):
        return prose
    return prose[: signed.start()]


_SIGNS = {
    **dict.fromkeys(("👍", ":+1:", "+1", ":thumbsup:"), Intent.ASKS),
    **dict.fromkeys(("👎", ":-1:", "-1", ":thumbsdown:"), Intent.NOTHING),
}


def _clauses(text: str) -> list[str]:
    """Those that have words, or stand for code."""
    found = [clause.strip() for clause in _CLAUSE.split(_CODE.sub(" `x` ", text)) if clause]
    return [clause for clause in found if _WORD.search(clause) or "`" in clause]


def _answer(text: str) -> Intent | None:
    """Of what follows our question: a yes or a no, as far as the rest of it says nothing else; None for anything else."""
    clauses = _clauses(text)
    if sign := _SIGNS.get(text.strip(" .!\n")):
        return sign
    if not clauses:
        return None
    words = _WORD.findall(text)
    others = [clause for clause in clauses if not any(form.search(clause) for form in (LEAVES, WITHDRAWS, NOT_DONE))]
    if len(others) < len(clauses):
        return None if any(_kind(clause) is Intent.ASKS for clause in others if clause not in NO | YES) else Intent.NOTHING
    if not words or words[0] in AFFIRMED:
        return Intent.ASKS if words else None
    rest = [_kind(_without_first(clause, at)) for at, clause in enumerate(clauses)]
    if words[0] in NO or NO_FORMS.search(text):
        says_more = set(words) & NOT_YET or any(kind in (Intent.ASKS, Intent.UNCLEAR) for kind in rest)
        return None if says_more else Intent.NOTHING
    if words[0] in YES or YES_FORMS.search(text):
        return None if Intent.UNCLEAR in rest and not YES_FORMS.search(text) else Intent.ASKS
    return None


def _without_first(clause: str, at: int) -> str:
    if at:
        return clause
    left = NO_FORMS.sub(" ", YES_FORMS.sub(" ", clause)).strip()
    first = _WORD.match(left)
    return left[first.end() :].strip() if first and first.group() in NO | YES else left


def _kind(clause: str) -> Intent:
    """NOTHING: words that mean nothing by themselves."""
    if not clause.strip():
        return Intent.NOTHING
    if _WISH.fullmatch(clause) or ("?" not in clause and (LEAVES.search(clause) or WITHDRAWS.search(clause))):
        return Intent.PRAISE
    calm = UNTROUBLED.sub(" ", clause).strip()
    words = set(_WORD.findall(calm))
    if REQUESTS.search(calm) or UNSPACED_ASKS.search(calm):
        return Intent.ASKS
    if (condition := CONDITION.search(calm)) and CURE.search(calm, condition.end()):
        return Intent.ASKS if condition.start() else Intent.UNCLEAR
    glad = GLAD.search(calm) and not words & (HEDGES - {"how"} | (DEFECTS - DEFECT_NAMES))
    over = OVER.search(calm)
    if over and (words & BADLY or CONDITION.search(calm, 0, over.start())):
        over = None
    if glad and words & SPOILED and not words & MENDED:
        glad = None
    if (glad or over) and "?" not in clause and not _wants(calm, words):
        return Intent.PRAISE
    if _asks(calm):
        return Intent.ASKS
    if words & SPOILED and not words & MENDED:
        return Intent.UNCLEAR
    if calm != clause and words <= PRAISE | FILLER:
        return Intent.PRAISE
    if UNSPACED_PRAISE.search(calm) and not HEDGES & words and "?" not in clause:
        return Intent.PRAISE
    return {True: Intent.PRAISE, False: Intent.NOTHING, None: Intent.UNCLEAR}[_praises(calm)]


def _wants(clause: str, words: set[str]) -> bool:
    return bool(ASKING & words) or any(f" {phrase} " in f" {clause} " for phrase in ASKING_PHRASES)


def _asks(clause: str) -> bool:
    left = _without_praise(clause)
    for phrase in NOT_NEEDED:
        left = left.replace(phrase, " ")
    words = _WORD.findall(left)
    if not words or words == ["not", "needed"] or words[:2] == ["let", "me"]:
        return False
    if (
        _wants(" ".join(words), set(words))
        or any(word in clause for word in _UNSPACED)
        or (DEFECTS & set(words) and not CURED & set(words) and not left.startswith(OPENERS))
    ):
        return True
    if left != clause and any(phrase in clause for phrase in NOT_NEEDED):
        return False
    while words and words[0] in LEADING:
        words = words[1:]
    return _is_order(words)


def _is_order(words: list[str]) -> bool:
    if not words or words[0] not in IMPERATIVES:
        return False
    after = words[1] if len(words) > 1 else ""
    if _PREDICATES & set(words[1:_AFTER]):  # "test passes", "test coverage is fine": a noun
        return False
    return words[0] not in PRAISE or after in _OBJECTS or (after in _PRONOUNS and words[0] != "merge")


def _praises(clause: str) -> bool | None:
    """True: nothing but praise, or praise that says what it is for in a short sentence without an if or but. False: words that
    mean nothing by themselves. None: anything else."""
    if _WISH.fullmatch(clause):
        return True
    left = _without_praise(clause)
    words = _WORD.findall(left)
    if "?" in clause:
        return None
    if "`" not in left and set(words) <= PRAISE | FILLER and not set(words) & HEDGES:
        return left != clause or bool(set(words) & PRAISE)
    opened = left.startswith(OPENERS) and len(words) <= MAX_OPENED and not set(words) & (HEDGES - {"how"})
    return True if opened else None


def _without_praise(clause: str) -> str:
    for phrase in PRAISE_PHRASES:
        clause = clause.replace(phrase, " ")
    return clause.strip()
