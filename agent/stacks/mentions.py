"""What a text names: stacks of the catalogue, technologies outside of it and kinds of programs, each with its role there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import islice

from agent.patterns import linear
from agent.stacks.denial import LOOKED_AT, normal, pattern_of
from agent.stacks.globs import matches
from agent.stacks.outside import outside
from agent.stacks.roles import MentionRole, ends_move, is_beside, role_of
from agent.stacks.store import catalogue

NAMING_WEIGHT = 5.0
"""From this weight on a word names its stack: what is denied or left behind by it rules the stack out."""
OUTSIDE, SERVICE, PROGRAM = "outside", "service", "program"
OPERATIONS = frozenset(("devops-docker", "ci-github-actions"))
"""Stacks for what runs a program: named beside one, they are rarely the work."""
MAX_MENTIONS = 40
"""Of one word in one text that are looked at."""
MAX_PATHS = 60
MAX_CHARACTERS = 20_000
"""Of a text that are looked at: a task says early what it is about."""
OUTSIDE_WEIGHT = 9.0

_SENTENCE_END = linear(r"[.!?;…]+[\"')\]]*(?:\s|$)|\n|\s[—–]\s")
_MOVING = linear(r"(?i)\b(?:port|migrate|convert|translate|rewrite|reimplement|switch|move|replace)\b")
_TO_NAME = linear(r"\b(?:to|into|in|by|with)\s+(?:(?:the|our|a|plain)\s+)?([A-Z][\w+#.]*)")
_TO_NAME_TR = linear(r"\b([A-Z]\w*)'(?:y?[ea]|[nz][ea])\s+(?:\S+\s+)?(?:\S+\s+)?(?:taşı|geç|çevir|dönüştür)")
_PATH = linear(
    r"[\pL\pN_.\[\]()@-]*(?:/[\pL\pN_.\[\]()@*-]+)+|\b[\pL\pN_-]+(?:\.[\pL\pN_-]+)*\.[A-Za-z]{1,6}\b|\b(?:Dockerfile|"
    r"Jenkinsfile|artisan)\b"
)


@dataclass(frozen=True)
class Mention:
    """``owner`` is a stack's id, or what an outsider is called, or a kind of program. ``group`` tells which: ``stack``,
    ``language`` (of a stack), ``web_language``, ``outside``, ``service``, ``program``; ``named`` is False for code, paths."""

    owner: str
    group: str
    said: str
    weight: float
    start: int
    end: int
    sentence: int = 0
    role: MentionRole = MentionRole.WANTED
    named: bool = True

    @property
    def counts(self) -> float:
        return self.weight * self.role.weight

    @property
    def names(self) -> bool:
        """Whether it says a technology's name, rather than something that fits it."""
        return self.named and self.weight >= NAMING_WEIGHT and self.group not in (SERVICE, PROGRAM)


@dataclass(frozen=True)
class _Term:
    owner: str
    group: str
    word: str
    weight: float
    objects: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What is left of the word without the ending that a case or a preposition shows in; "" where that is not known."""
        first, *rest = self.word.split(" ")
        if not self.word.endswith("*"):
            return "" if rest else self.word
        return first if len(rest) == 1 and self.group == OUTSIDE else ""

    @property
    def start(self) -> str:
        return self.word.split(" ", 1)[0].split("-", 1)[0].rstrip("*")


@lru_cache(16)
def mentions_in(text: str) -> tuple[Mention, ...]:
    """All mentions in the first ``MAX_CHARACTERS`` of ``text``, in their order, with roles."""
    prose = normal(text[:MAX_CHARACTERS])
    lower = prose.lower()
    if len(lower) != len(prose):
        prose = lower
    found = _without_covered([*_words(lower), *_code(prose), *_paths(prose)])
    ends = [0, *(hit.end() for hit in _SENTENCE_END.finditer(lower))]
    placed = [replace(one, sentence=bisect_right(ends, one.start) - 1) for one in found]
    return tuple(_with_roles(lower, [*ends, len(lower)], placed))


def moves_elsewhere(text: str) -> bool:
    """Whether ``text`` moves something to a name that nobody here knows: it may be a technology as well as a database."""
    prose = normal(text[:MAX_CHARACTERS])
    known = [(one.start, one.end) for one in mentions_in(text)]
    moved = [hit for hit in _TO_NAME.finditer(prose) if _MOVING.search(prose[max(0, hit.start() - LOOKED_AT) : hit.start()])]
    ends = [(hit.start(1), hit.end(1)) for hit in (*moved[:MAX_MENTIONS], *islice(_TO_NAME_TR.finditer(prose), MAX_MENTIONS))]
    return any(not any(start < after and before < end for before, after in known) for start, end in ends)


def _words(lower: str) -> Iterator[Mention]:
    for term in _terms():
        if term.start not in lower:
            continue
        for hit in islice(pattern_of(term.word).finditer(lower), MAX_MENTIONS):
            if term.objects and _next_word(lower, hit.end()) in term.objects:
                continue  # "express your thanks" names no framework
            end = hit.start() + len(term.name) if term.name else hit.end()
            yield Mention(term.owner, term.group, term.word.rstrip("*"), term.weight, hit.start(), end)


def _code(prose: str) -> Iterator[Mention]:
    for owner, pattern, weight in _patterns():
        for hit in islice(pattern.finditer(prose), MAX_MENTIONS):
            said = " ".join(hit[0].split())[:60].strip(" (,")
            yield Mention(owner, "stack", said, weight, hit.start(), hit.end(), named=False)
    for owner, pattern in _outside_patterns():
        for hit in islice(pattern.finditer(prose), MAX_MENTIONS):
            yield Mention(owner, OUTSIDE, hit[1], OUTSIDE_WEIGHT, hit.start(1), hit.end(1))


def _paths(prose: str) -> Iterator[Mention]:
    for hit in islice(_PATH.finditer(prose), MAX_PATHS):
        path = hit[0].lstrip("/").rstrip(".").removeprefix("./")
        for stack in catalogue():
            weight = max((weight for glob, weight in stack.signals.named_files if matches(glob, path)), default=0.0)
            if weight:
                yield Mention(stack.id, "stack", path[:80], weight, hit.start(), hit.end(), named=False)
        owner = next((owner for glob, owner in outside().named_files.items() if matches(glob, path)), None)
        if owner:
            yield Mention(owner, OUTSIDE, path[:80], OUTSIDE_WEIGHT, hit.start(), hit.end(), named=False)


def _without_covered(found: Sequence[Mention]) -> list[Mention]:
    """Without what stands inside a longer name of something else: no React in "React Native"."""
    kept: list[Mention] = []
    names: list[Mention] = []
    for one in sorted(found, key=lambda one: (one.start, one.start - one.end)):
        while names and names[0].end <= one.start:
            names.pop(0)
        if any(_covers(name, one) for name in names):
            continue
        kept.append(one)
        if one.named:
            names.append(one)
    return kept


def _covers(name: Mention, one: Mention) -> bool:
    longer = name.end - name.start > one.end - one.start
    return longer and one.end <= name.end and name.owner != one.owner and name.names


def _with_roles(lower: str, ends: Sequence[int], found: Sequence[Mention]) -> Iterator[Mention]:
    """``ends`` are where sentences begin, and the end of the text."""
    by_sentence: dict[int, list[Mention]] = {}
    for one in found:
        by_sentence.setdefault(one.sentence, []).append(one)
    for number, group in by_sentence.items():
        yield from _roles_of(lower, ends[number], ends[number + 1], group)


def _roles_of(lower: str, begin: int, end: int, found: Sequence[Mention]) -> Iterator[Mention]:
    seen = []
    for one in found:
        before = lower[max(begin, one.start - LOOKED_AT) : one.start]
        after = lower[one.end : min(end, one.end + LOOKED_AT)]
        moved_to = one.group not in (SERVICE, PROGRAM) and ends_move(before, after)
        role = role_of(before, after)
        if not one.named and role in (MentionRole.DENIED, MentionRole.LEFT):
            role = MentionRole.WANTED  # whoever removes a v-if works on Vue
        if moved_to and role in (MentionRole.WANTED, MentionRole.CONTEXT, MentionRole.CHOSEN):
            role = MentionRole.CHOSEN
        elif _may_be_beside(one, role) and is_beside(before, after, lower[one.start : one.end]):
            role = MentionRole.SECONDARY
        seen.append((replace(one, role=role), moved_to))
    for one, _ in seen:
        yield replace(one, role=MentionRole.LEFT) if _is_left(one, seen) else one


def _may_be_beside(one: Mention, role: MentionRole) -> bool:
    return one.owner in OPERATIONS and one.named and role in (MentionRole.WANTED, MentionRole.CONTEXT)


def _is_left(one: Mention, seen: Sequence[tuple[Mention, bool]]) -> bool:
    """Whether a later name in the sentence is where this one is moved to."""
    if one.role in (MentionRole.CHOSEN, MentionRole.DENIED) or one.group in (SERVICE, PROGRAM):
        return False
    targets = [other for other, moved_to in seen if moved_to and other.role is MentionRole.CHOSEN and other.weight >= 3]
    return any(other.start >= one.end for other in targets) and all(other.owner != one.owner for other in targets)


def _next_word(lower: str, at: int) -> str:
    return lower[at : at + LOOKED_AT].lstrip().split(" ")[0].strip(".,;:!?")


@cache
def _terms() -> tuple[_Term, ...]:
    terms = [
        _Term(stack.id, group, word, weight, stack.signals.objects.get(word, ()))
        for stack in catalogue()
        for group, words in (
            ("stack", stack.signals.words),
            ("language", stack.signals.languages),
            ("web_language", stack.signals.web_languages),
        )
        for word, weight in words
    ]  # fmt: skip
    terms += [_Term(owner, OUTSIDE, word, OUTSIDE_WEIGHT) for word, owner in outside().names.items()]
    terms += [_Term(kind, kind, word, 1.0) for kind in (SERVICE, PROGRAM) for word in getattr(outside(), kind)]
    return tuple(terms)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], float], ...]:
    return tuple((stack.id, linear(code), weight) for stack in catalogue() for code, weight in stack.signals.code)


@cache
def _outside_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((owner, linear(code)) for code, owner in outside().code.items())
