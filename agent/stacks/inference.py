"""Which stack a task is for: evidence from its words and from the repository's own files, never a substring.

Scores are sums of the weights in the catalogue. A stack that the text rules out ("not React", "React yerine") is out, whatever
else speaks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from agent.stacks.globs import matches
from agent.stacks.manifests import is_manifest, packages_of
from agent.stacks.model import Stack
from agent.stacks.store import catalogue

NAMING_WEIGHT = 5.0
"""From this weight on a word names its stack: negated, it rules the stack out."""

SURE_SCORE = 8.0
"""From this score on the evidence is full; below, confidence shrinks in proportion."""

_URL = re.compile(r"\b(?:https?://|www\.)\S+")
_NEGATED_BEFORE = re.compile(
    r"(?:\b(?:not|no|neither|without|never|except|avoid|excluding|instead of|rather than|(?:don['’]?t|do not) (?:use|want))\s+)"
    r"(?:(?:use|using|in|with|as|a|an|the|any)\s+)*(?:\S+\s+(?:or|nor|veya|ya da)\s+)*$"
)
_NEGATED_AFTER = re.compile(
    r"^(?:['’]\w+)?\s+(?:(?:veya|ya da)\s+\S+\s+)?"
    r"(?:değil|degil|yerine|olmadan|olmasın|hariç|kullanma\w*|istemiyor\w*|istemem|is not|must not)\b"
)


@dataclass(frozen=True)
class Inference:
    """``stack`` is None when nothing speaks for any; ``confidence`` is 0–1; ``evidence`` says why, strongest first."""

    stack: str | None
    confidence: float
    evidence: tuple[str, ...]


def infer(text: str, files: Sequence[str] = (), *, manifests: Mapping[str, str] | None = None) -> Inference:
    """Infers a stack from the task's words and the repository's paths; ``manifests`` maps manifest paths to their text."""
    prose = _normal(text)
    packages = packages_of(manifests or {})
    scored = [(_score(stack, prose, files, packages), stack) for stack in catalogue()]
    ranked = sorted((entry for entry in scored if entry[0][0] > 0), key=lambda entry: (-entry[0][0], entry[1].id))
    if not ranked:
        return Inference(None, 0.0, ())
    (best, evidence), stack = ranked[0]
    second = ranked[1][0][0] if len(ranked) > 1 else 0.0
    confidence = best / (best + second) * min(1.0, best / SURE_SCORE)
    return Inference(stack.id, round(min(confidence, 0.99), 2), evidence)


def infer_by_directory(files: Sequence[str], *, manifests: Mapping[str, str] | None = None) -> dict[str, Inference]:
    """The stack of each directory with a manifest of its own (``.`` is the top), for repositories that hold several projects.

    A directory's files are those that no directory below it claims. One that speaks for no stack is left out.
    """
    texts = manifests or {}
    homes = sorted({path.rpartition("/")[0] for path in files if is_manifest(path)}, key=len, reverse=True)
    own: dict[str, list[str]] = {home: [] for home in homes}
    for path in files:
        home = next((home for home in homes if not home or path.startswith(home + "/")), None)
        if home is not None:
            own[home].append(path)
    found = {}
    for home in sorted(homes):
        skip = len(home) + 1 if home else 0
        theirs = {path[skip:]: text for path, text in texts.items() if path in own[home]}
        guess = infer("", [path[skip:] for path in own[home]], manifests=theirs)
        if guess.stack is not None:
            found[home or "."] = guess
    return found


def rules_out(text: str, word: str) -> bool:
    """True when ``text`` denies ``word`` wherever it names it: "without axios", "axios kullanma"."""
    prose = _normal(text)
    hits = list(_word(_normal(word)).finditer(prose))
    return bool(hits) and all(_is_negated(prose, hit) for hit in hits)


def _score(stack: Stack, prose: str, files: Sequence[str], packages: frozenset[str]) -> tuple[float, tuple[str, ...]]:
    found: list[tuple[float, str]] = []
    for word, weight in stack.signals.words:
        hits = [hit for hit in _word(word).finditer(prose) if not _is_verb(stack, word, prose[hit.end() :])]
        if not hits:
            continue
        denied = [hit for hit in hits if _is_negated(prose, hit)]
        if denied and weight >= NAMING_WEIGHT:
            return 0.0, (f'the task rules out "{word}"',)
        if len(denied) < len(hits):
            found.append((weight, f'the task says "{word.rstrip("*")}"'))
    for glob, weight in stack.signals.files:
        hit = next((path for path in files if matches(glob, path)), None)
        if hit is not None:
            found.append((weight, f"the repository has {hit}"))
    found += [(weight, f"a manifest names {name}") for name, weight in stack.signals.packages if name in packages]
    found.sort(key=lambda entry: -entry[0])
    return sum(weight for weight, _ in found), tuple(why for _, why in found)


def _is_verb(stack: Stack, word: str, after: str) -> bool:
    """ "Express your thanks" names no framework."""
    objects = stack.signals.objects.get(word, ())
    return after.lstrip().split(" ")[0].strip(".,;:!?") in objects if objects else False


def _is_negated(prose: str, hit: re.Match[str]) -> bool:
    start = max(0, hit.start() - 80)
    return bool(_NEGATED_BEFORE.search(prose[start : hit.start()]) or _NEGATED_AFTER.match(prose[hit.end() : hit.end() + 60]))


def _normal(text: str) -> str:
    """Lower case as both languages write it: the Turkish capital İ becomes a plain i, and spaces are single."""
    return re.sub(r"\s+", " ", _URL.sub(" ", text.replace("İ", "i").lower()))


@cache
def _word(word: str) -> re.Pattern[str]:
    body = r"[\s-]+".join(re.escape(part) for part in word.rstrip("*").split(" "))
    ending = r"\w*" if word.endswith("*") else r"(?![\w+#])"
    return re.compile(rf"(?<![\w.]){body}{ending}")
