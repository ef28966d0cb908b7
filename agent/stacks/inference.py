"""Which stack a task is for: evidence from its words, by the part they play in it, and from the repository's own files.

Scores are sums of the weights in the catalogue. What a manifest proves stands above all words (``facts_of``); what the text
denies or leaves behind is out. Where too little speaks for one stack, or as much for another, the answer is none, and the
evidence names the candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.stacks.facts import Facts, facts_of
from agent.stacks.globs import matches
from agent.stacks.manifests import packages_of
from agent.stacks.mentions import NAMING_WEIGHT, OPERATIONS, OUTSIDE, PROGRAM, SERVICE, Mention, mentions_in, moves_elsewhere
from agent.stacks.model import Stack
from agent.stacks.roles import MentionRole
from agent.stacks.store import catalogue

SURE_SCORE = 8.0
"""From this score on the evidence is full; below, confidence shrinks in proportion."""
THRESHOLD = 0.4
"""Below this confidence there is no answer."""
TIED = 0.85
"""Two candidates are as strong as one another from this share on."""
DOUBTFUL = 0.6
"""At most, where the text names the stack only as what the work is for, or moves something to what nobody here knows."""
PROVED = 0.99
INCLUDED = 0.3
"""What a word counts for a stack that a named one includes: "React" beside "Next.js"."""
FIRST = 0.2
"""What counts for tools of operations after a program that is asked for, and for a program after such a tool."""
WORKFLOWS, IMAGES, SECOND_TOOL = "ci-github-actions", "devops-docker", 0.4
"""A workflow often builds an image, and an image seldom holds a workflow."""


@dataclass(frozen=True)
class Inference:
    """``stack`` is None when too little speaks for any; ``confidence`` is 0-1, 0 without a stack; ``evidence`` says why,
    strongest first, or names the candidates. ``proved``: a manifest says so, also that the project is outside the catalogue.
    ``outside`` is the technology outside the catalogue that is asked for or proved."""

    stack: str | None
    confidence: float
    evidence: tuple[str, ...]
    proved: bool = False
    outside: str = ""

    @property
    def is_none(self) -> bool:
        """Whether it says that the project is outside the catalogue, rather than nothing."""
        return self.stack is None and bool(self.outside)


NOTHING = Inference(None, 0.0, ())


@dataclass(frozen=True)
class _Candidate:
    name: str
    score: float
    evidence: tuple[str, ...]
    is_stack: bool = True


def infer(text: str, files: Sequence[str] = (), *, manifests: Mapping[str, str] | None = None) -> Inference:
    """Infers a stack from the task's words and the repository's paths; ``manifests`` maps manifest paths to their text.

    In a repository whose ``files`` speak for stacks, words decide among those only.
    """
    facts = facts_of(files, manifests or {})
    if facts.is_none:
        title, why = next(iter(facts.others.items()))
        return Inference(None, 0.0, (why,), proved=True, outside=title)
    mentions = mentions_in(text)
    if facts.stacks:
        return _among_proved(facts, mentions)
    packages = packages_of(manifests or {})
    from_files = {stack.id: list(_of_repository(stack, files, packages)) for stack in catalogue()}
    candidates = _candidates(mentions, {id: found for id, found in from_files.items() if found or not files})
    found = _decided(candidates)
    doubtful = found.stack is not None and (_only_context(mentions) or moves_elsewhere(text))
    return replace(found, confidence=min(found.confidence, DOUBTFUL)) if doubtful else found


def _of_repository(stack: Stack, files: Sequence[str], packages: frozenset[str]) -> Iterator[tuple[float, str]]:
    for glob, weight in stack.signals.files:
        hit = next((path for path in files if matches(glob, path)), None)
        if hit is not None:
            yield weight, f"the repository has {hit}"
    for name, weight in stack.signals.packages:
        if name in packages:
            yield weight, f"a manifest names {name}"


def _among_proved(facts: Facts, mentions: Sequence[Mention]) -> Inference:
    """One proved stack is the answer; of several, and of one beside other technologies, the one that the text names."""
    if facts.stack is not None:
        return Inference(facts.stack, PROVED, (facts.stacks[facts.stack],), proved=True)
    named = _candidates(mentions, {id: [] for id in facts.stacks})
    best = _decided([one for one in named if not one.is_stack or one.name in facts.stacks])
    if best.stack is not None:
        return Inference(best.stack, best.confidence, (facts.stacks[best.stack], *best.evidence), proved=True)
    several = ", ".join((*facts.stacks, *facts.others))
    return Inference(None, 0.0, (f"the manifests are of several: {several}", *best.evidence[:2]))


def _candidates(mentions: Sequence[Mention], from_files: Mapping[str, Sequence[tuple[float, str]]]) -> list[_Candidate]:
    """Everything that something speaks for, the strongest first."""
    mentions = _as_if_wanted(mentions)
    stated = [one for one in mentions if _is_stated(one) and one.role in (MentionRole.WANTED, MentionRole.CHOSEN)]
    left_out = _ruled_out(mentions)
    of_language = _weight_of_languages(mentions)
    factors = _factors(stated, left_out, _totals(mentions).get(WORKFLOWS, 0.0))
    found = []
    for id, of_files in from_files.items():
        if id in left_out:
            continue
        of_words = _best_of([one for one in mentions if one.owner == id], of_language)
        said = sorted(of_words, key=lambda entry: -entry[0])
        score = factors.get(id, 1.0) * sum(weight for weight, _ in said) + sum(weight for weight, _ in of_files)
        if score > 0:
            evidence = [*said, *of_files]
            evidence.sort(key=lambda entry: -entry[0])
            found.append(_Candidate(id, score, tuple(why for _, why in evidence)))
    for title in {one.owner for one in mentions if one.group == OUTSIDE} - left_out:
        said = _best_of([one for one in mentions if one.owner == title], of_language)
        score = factors.get(title, 1.0) * sum(weight for weight, _ in said)
        if score > 0:
            found.append(_Candidate(title, score, (f"the task asks for {title}, which the catalogue has no stack for",), False))
    return sorted(found, key=lambda one: (-one.score, one.name))


def _decided(candidates: Sequence[_Candidate]) -> Inference:
    if not candidates:
        return NOTHING
    best, second = candidates[0], candidates[1].score if len(candidates) > 1 else 0.0
    confidence = round(min(best.score / (best.score + second) * min(1.0, best.score / SURE_SCORE), 0.99), 2)
    if not best.is_stack and confidence >= THRESHOLD:
        return Inference(None, 0.0, best.evidence, outside=best.name)
    tied = second >= TIED * best.score
    if confidence < THRESHOLD or tied or not best.is_stack:
        if best.score < 1:
            return NOTHING
        names = ", ".join(one.name for one in candidates[:3])
        said = "too little speaks for one stack" if not tied else "as much speaks for one as for another"
        return Inference(None, 0.0, (f"{said}: {names}", *best.evidence[:2]))
    return Inference(best.name, confidence, best.evidence)


def _as_if_wanted(mentions: Sequence[Mention]) -> list[Mention]:
    """Where nothing is named as what is wanted, what the work is in is: "fix the menu of the Vue app"; and where that is not
    there either, what was thought to be left behind: "remove the Vue component"."""
    promoted = list(mentions)
    if not _speaks([one for one in promoted if one.owner not in OPERATIONS]):
        promoted = [_promoted(one) if one.role is MentionRole.SECONDARY else one for one in promoted]
    for role in (MentionRole.CONTEXT, MentionRole.LEFT):
        if _speaks(promoted):
            return promoted
        promoted = [_promoted(one) if one.role is role else one for one in promoted]
    return promoted


def _only_context(mentions: Sequence[Mention]) -> bool:
    stated = [one for one in mentions if one.role in (MentionRole.WANTED, MentionRole.CHOSEN, MentionRole.SECONDARY)]
    return any(one.role is MentionRole.CONTEXT and one.names for one in mentions) and not _speaks(
        [replace(one, role=MentionRole.WANTED) for one in stated]
    )


def _speaks(mentions: Sequence[Mention]) -> bool:
    """Whether something is asked for: as much speaks for one owner as a name would."""
    return any(total >= NAMING_WEIGHT for total in _totals(mentions).values())


def _totals(mentions: Sequence[Mention]) -> Mapping[str, float]:
    """How much speaks for each owner, each word once."""
    wanted = [
        one for one in mentions if one.role in (MentionRole.WANTED, MentionRole.CHOSEN) and one.group not in (SERVICE, PROGRAM)
    ]
    words = {(one.owner, one.said): one.weight for one in wanted}
    totals: dict[str, float] = {}
    for (owner, _), weight in words.items():
        totals[owner] = totals.get(owner, 0.0) + weight
    return totals


def _is_stated(one: Mention) -> bool:
    """A quoted piece of a workflow or a compose file tells as much of the work as a name."""
    return one.names or (one.owner in OPERATIONS and one.weight >= NAMING_WEIGHT)


def _promoted(one: Mention) -> Mention:
    return replace(one, role=MentionRole.WANTED)


def _ruled_out(mentions: Sequence[Mention]) -> set[str]:
    """Owners that are denied or left behind by name, and that nothing in the same sentence, or by a decision, asks for."""
    out: set[str] = set()
    for one in mentions:
        if one.names and one.role in (MentionRole.DENIED, MentionRole.LEFT):
            rescued = any(
                other.owner == one.owner
                and (other.role is MentionRole.CHOSEN or (other.role is MentionRole.WANTED and other.sentence == one.sentence))
                for other in mentions
            )
            if not rescued:
                out.add(one.owner)
    return out


def _weight_of_languages(mentions: Sequence[Mention]) -> Mapping[str, float]:
    """What languages count, by group: beside words for a service, or for another kind of program."""
    service = [one for one in mentions if one.group == SERVICE and one.counts]
    program = [one for one in mentions if one.group == PROGRAM and one.counts]
    strength = {
        SERVICE: sum({one.said: one.counts for one in service}.values()),
        PROGRAM: sum({one.said: one.counts for one in program}.values()),
    }
    other = (
        strength[PROGRAM] > 0
        and strength[PROGRAM] >= strength[SERVICE]
        and not (strength[PROGRAM] == strength[SERVICE] and service[0].start < program[0].start)
    )
    if other:
        return {"language": 0.0, "web_language": 0.0}
    return {"language": 1.0 if strength[SERVICE] > 0 else 0.4, "web_language": 1.0}


def _best_of(mentions: Sequence[Mention], of_language: Mapping[str, float]) -> list[tuple[float, str]]:
    """Each word once, in its best role."""
    best: dict[str, float] = {}
    for one in mentions:
        counts = one.counts * of_language.get(one.group, 1.0)
        if counts > 0:
            key = f"a path, {one.said}" if "/" in one.said and not one.named else f'"{one.said}"'
            best[key] = max(best.get(key, 0.0), counts)
    return [(counts, f"the task says {said}") for said, counts in best.items()]


def _factors(stated: Sequence[Mention], left_out: set[str], of_workflows: float) -> dict[str, float]:
    """Less counts what a named stack includes, and tools of operations after a program (or a program after such a tool)."""
    factors: dict[str, float] = {}
    first: dict[str, int] = {}
    for one in stated:
        if one.owner not in left_out:
            first[one.owner] = min(first.get(one.owner, one.start), one.start)
    for stack in catalogue():
        if stack.id in first:
            factors.update(dict.fromkeys(stack.signals.includes, INCLUDED))
    if of_workflows >= SURE_SCORE:
        factors[IMAGES] = SECOND_TOOL
    tools = [at for owner, at in first.items() if owner in OPERATIONS]
    programs = [at for owner, at in first.items() if owner not in OPERATIONS]
    if programs and (not tools or min(programs) < min(tools)):
        factors.update(dict.fromkeys(OPERATIONS, FIRST))
    elif tools and programs:
        factors.update({owner: FIRST for owner in first if owner not in OPERATIONS})
    return factors
