"""Whether a reviewer's remark asks for work: a rule, without a model call. What it can't tell is unclear, and its author is
asked; praise must be nothing but praise."""

from __future__ import annotations

import re
from enum import StrEnum

from .remark_words import (
    AFFIRMED,
    ASKING,
    ASKING_PHRASES,
    CONSENT,
    CURED,
    DEFECTS,
    DENIED,
    FILLER,
    HEDGES,
    IMPERATIVES,
    LABELS,
    LEADING,
    NOT_NEEDED,
    OPENERS,
    PRAISE,
    PRAISE_PHRASES,
    REFUSAL,
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
_NAME = re.compile(r"(?<![\w@])@[\w-]{1,39}(/[\w-]{1,100})?")
_CLAUSE = re.compile(r"[.!;\n,…:()—–]+|\s-\s|(?<=\?)|(?<=[。！])|[、，]")
_PREDICATES = frozenset(
    ("is", "are", "was", "were", "looks", "look", "works", "work", "passes", "passed", "pass", "seems", "reads", "makes")
)
_OBJECTS = frozenset(("the", "these", "those", "up"))
_PRONOUNS = frozenset(("this", "that", "it"))
_POLITE = frozenset(
    ("thanks", "thank", "you", "that", "that's", "would", "be", "great", "nice", "all", "good", "just", "a", "comment")
)
_UNSPACED = tuple(word for word in ASKING if word[0] >= "\u3040")
"""Words of languages that are written without spaces."""
_WISH = re.compile(
    r"(?:(?:please|let's|lets|i'd say|i would|i'd|go ahead and|feel free to|can you|you can|we can)[ ,]+){0,3}"
    r"(?:merge|ship)(?: (?:it|this|that|now|away|pr|the pr))*"
)
"""To merge is what an approval is for, however it is put."""
_AS_IT_IS = re.compile(r"\b(?:as it is|as is|as-is)\b")
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
    text = prose[:MAX_READ].replace("’", "'").lower()
    if not text.strip():
        return Intent.NOTHING
    if answers and (found := _answer(text)):
        return found
    named = _NAME.sub(" ", text)
    signs = _SHORTCODE.sub(" ", named)
    label, colon, rest = signs.partition(":")
    if colon and label.strip() in LABELS:
        signs = rest
    clauses = [clause.strip() for clause in _CLAUSE.split(_CODE.sub(" `x` ", signs)) if clause and clause.strip()]
    if any(_asks(clause) for clause in clauses):
        return Intent.ASKS
    worded = [clause for clause in clauses if _WORD.search(clause) or "`" in clause]
    if not worded:
        applauds = signs != named or any(sign in text for sign in _APPROVING)
        return Intent.PRAISE if applauds else Intent.UNCLEAR
    kinds = [_praises(clause) for clause in worded]
    if len(prose) <= MAX_READ and None not in kinds and True in kinds:
        return Intent.PRAISE
    return Intent.UNCLEAR


def _answer(text: str) -> Intent | None:
    found = _WORD.findall(text)
    words = set(found)
    if words <= CONSENT | REFUSAL | _POLITE and (words & DENIED or _AS_IT_IS.search(text)):
        return Intent.NOTHING
    if found and (found[0] in AFFIRMED or (words & CONSENT and words <= CONSENT | _POLITE)):
        return Intent.ASKS
    if words & REFUSAL and words <= REFUSAL | _POLITE:
        return Intent.NOTHING
    return None


def _asks(clause: str) -> bool:
    if _WISH.fullmatch(clause):
        return False
    left = _without_praise(clause)
    for phrase in NOT_NEEDED:
        left = left.replace(phrase, " ")
    words = _WORD.findall(left)
    if not words or words == ["not", "needed"]:
        return False
    padded = f" {' '.join(words)} "
    if (
        ASKING & set(words)
        or any(word in clause for word in _UNSPACED)
        or any(f" {phrase} " in padded for phrase in ASKING_PHRASES)
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
