"""Which stack a task is for: evidence from its words and from the repository's own files, never a substring.

Scores are sums of the weights in the catalogue. A stack that the text rules out ("not React", "React yerine") is out, whatever
else speaks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agent.patterns import linear
from agent.stacks.globs import matches
from agent.stacks.manifests import is_manifest, packages_of
from agent.stacks.model import Stack
from agent.stacks.store import catalogue

NAMING_WEIGHT = 5.0
"""From this weight on a word names its stack: negated, it rules the stack out."""

SURE_SCORE = 8.0
"""From this score on the evidence is full; below, confidence shrinks in proportion."""

LOOKED_AT = 80
"""Characters before and after a word that are looked at for what they make of it."""
MAX_WORD = 214
"""Characters of a package's name that are looked for; npm allows no more in one."""
KEPT = 1_000
"""Words and texts of which the form that is searched is kept: those of the catalogue, and some of the last task."""
MAX_PROJECTS = 100
MAX_ABOVE = 100
"""Directories above a file that are looked at."""

_URL = linear(r"\b(?:https?://|www\.)\S+")
_SPACES = linear(r"[\s\pZ]+")
_NEGATED_BEFORE = linear(
    r"(?:\b(?:not|no|neither|without|never|except|avoid|excluding|instead of|rather than|(?:don['’]?t|do not) (?:use|want))\s+)"
    r"(?:(?:use|using|in|with|as|a|an|the|any)\s+)*(?:\S+\s+(?:or|nor|veya|ya da)\s+)*$"
)
_NEGATED_AFTER = linear(
    r"^(?:['’][\pL\pN_]+)?\s+(?:(?:veya|ya da)\s+\S+\s+)?"
    r"(?:değil|degil|yerine|olmadan|olmasın|hariç|kullanma[\pL\pN_]*|istemiyor[\pL\pN_]*|istemem|is not|must not)"
    r"(?:[^\pL\pN_]|$)"
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

    A directory's files are those that no directory below it claims. One that speaks for no stack is left out, and so are all
    after the first ``MAX_PROJECTS``, those at the top first.
    """
    homes = {path.rpartition("/")[0] for path in files if is_manifest(path)}
    looked_at = sorted(homes, key=lambda home: (home.count("/"), home))[:MAX_PROJECTS]
    own: dict[str, list[str]] = {home: [] for home in looked_at}
    texts: dict[str, dict[str, str]] = {home: {} for home in looked_at}
    for path in files:
        home = next((above for above in _above(path) if above in homes), None)
        if home in own:
            own[home].append(path)
            if manifests and path in manifests:
                texts[home][path] = manifests[path]
    found = {}
    for home in sorted(looked_at):
        skip = len(home) + 1 if home else 0
        theirs = {path[skip:]: text for path, text in texts[home].items()}
        guess = infer("", [path[skip:] for path in own[home]], manifests=theirs)
        if guess.stack is not None:
            found[home or "."] = guess
    return found


def rules_out(text: str, word: str) -> bool:
    """True when ``text`` denies ``word`` wherever it names it: "without axios", "axios kullanma"."""
    prose, wanted = _normal(text), _normal(word[:MAX_WORD])
    if wanted.split(" ", 1)[0].rstrip("*") not in prose:
        return False
    hits = list(_word(wanted).finditer(prose))
    return bool(hits) and all(_is_negated(prose, hit) for hit in hits)


def _above(path: str) -> Iterator[str]:
    """The directories that ``path`` is in, the nearest first; "" is the top."""
    for _ in range(MAX_ABOVE):
        path = path.rpartition("/")[0]
        yield path
        if not path:
            return


def _score(stack: Stack, prose: str, files: Sequence[str], packages: frozenset[str]) -> tuple[float, tuple[str, ...]]:
    found: list[tuple[float, str]] = []
    for word, weight in stack.signals.words:
        hits = [hit for hit in _word(word).finditer(prose) if not _is_verb(stack, word, prose, hit.end())]
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


def _is_verb(stack: Stack, word: str, prose: str, end: int) -> bool:
    """ "Express your thanks" names no framework."""
    objects = stack.signals.objects.get(word, ())
    after = prose[end : end + LOOKED_AT]
    return after.lstrip().split(" ")[0].strip(".,;:!?") in objects if objects else False


def _is_negated(prose: str, hit: re.Match[str]) -> bool:
    start = max(0, hit.start() - LOOKED_AT)
    return bool(
        _NEGATED_BEFORE.search(prose[start : hit.start()]) or _NEGATED_AFTER.match(prose[hit.end() : hit.end() + LOOKED_AT])
    )


@lru_cache(KEPT)
def _normal(text: str) -> str:
    """Lower case as both languages write it: the Turkish capital İ becomes a plain i, and spaces are single."""
    return _SPACES.sub(" ", _URL.sub(" ", text.replace("İ", "i").lower()))


@lru_cache(KEPT)
def _word(word: str) -> re.Pattern[str]:
    body = r"[\s-]+".join(re.escape(part) for part in word.rstrip("*").split(" "))
    ending = r"\w*" if word.endswith("*") else r"(?![\w+#])"
    return re.compile(rf"(?<![\w.]){body}{ending}")
