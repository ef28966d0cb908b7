"""The JSON answers of the team: their schemas, and how they are found in what a model really writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.patterns import linear
from agent.team.parsing.coerce import CAUTIOUS, coerced, decision, decisions, goes_on, own_keys
from agent.team.parsing.json_repair import located, mended, objects
from agent.team.parsing.thoughts import without_thoughts

MAX_TEXT = 4_000
_QUOTES = r"[\"'*_“”`]{0,3}"
_FILL = r"[^\w\n\"'`{}\[\]]{0,9}"
_MARK = rf"(?:\s{{0,5}}(?:[:=：>→|—–]|-[->]?|\bis\b|\bof\b){_FILL}|[ \t]*\n{_FILL}\n?{_FILL})"
_STATED = {
    name: linear(rf"(?i)(?:^|[^\\\w]){_QUOTES}{name}{_QUOTES}{_MARK}{_QUOTES}\s{{0,5}}([a-z][a-z _-]{{0,20}})")
    for name in CAUTIOUS
}
"""A decision in words (after a colon, in a table, below a heading), or in an object that is not JSON."""
_RESTATES = linear(r"\w+\W{1,5}only (?:if|when)\b")
MAX_RESTATED = 40
"""Characters in which a decision turns out to be our own words, which say when it is to be made."""
_CHANGES = r"(?:request(?:ing)?|needs?|require[sd]?)[ _-]changes|changes[ _-](?:requested|needed|required)"
_REFUSED = (
    rf"(?:revis\w+|reject\w*|{_CHANGES}|needs?[ _-]work|not[ _-]approved?|do[ _-]not[ _-](?:approve|merge)|fail(?:ed|s)?)"
)
_CANNOT = r"(?:can(?:not| not|['’]t)|(?:could|do|will|would)(?: not|n['’]t)|won['’]t)"
_OTHERWISE = {
    "verdict": linear(
        r"(?im)^\W{0,8}(?:(?:my|the|final|overall)\s+)*(?:decision|recommendation|conclusion|(?:review )?status|outcome)"
        rf"\W{{0,3}}(?:[:=：|→—–]|-|\bis\b)\W{{0,9}}{_REFUSED}\b"
        r"|\bverdict\W{1,9}(?:is\s+)?(?:no|not|do(?: not|n['’]t)|can(?:not|['’]t))\W{1,3}(?:to\s+)?(?:yet\s+)?"
        r"(?:approv\w+|merge|good|ok|pass\w*)\b"
        rf"|\bI\s+{_CANNOT}\s+(?:yet\s+)?(?:approve|merge|accept)\b"
        r"|\bI(?:['’]m| am)?\s+(?:must\s+|have to\s+)?(?:reject(?:ing)?|request(?:ing)?\s+changes)\b"
        r"|\bnot ready (?:to be merged|to merge|for (?:a )?merge)\b"
    )
}
"""Words beside the object by which nothing is approved."""


class Unusable(ValueError):
    """An answer that can't be read; its text tells the model what is wrong with it."""


class Answer(BaseModel):
    """Types are strict; unknown keys are dropped, for models like to add some."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class PlanStepAnswer(Answer):
    title: str = Field(min_length=1, max_length=500)
    why: str = Field("", max_length=1_000)
    files: list[str] = Field(default_factory=list, max_length=200)
    kind: Literal["create", "modify", "delete", "test", "docs", "config"]


class PlanAnswer(Answer):
    """The analysis of the task and the plan for it. A plan without steps only where the task is not clear."""

    clear: bool = True
    question: str = Field("", max_length=MAX_TEXT)
    summary: str = Field(min_length=1, max_length=MAX_TEXT)
    complexity: Literal["low", "medium", "high"] = "medium"
    stack: str | None = ""
    """None: none of the catalogue; empty: nothing is said."""
    stack_confidence: float | None = Field(None, ge=0, le=1)
    steps: list[PlanStepAnswer] = Field(default_factory=list, max_length=20)
    risks: list[str] = Field(default_factory=list, max_length=20)
    test_strategy: str = Field("", max_length=MAX_TEXT)
    conflicts: list[str] = Field(default_factory=list, max_length=20)
    questions: list[str] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _has_steps(self) -> PlanAnswer:
        if self.clear and not self.steps:
            raise ValueError("steps: a plan has at least one")
        return self


class ReviewerComment(Answer):
    path: str | None = None
    line: int | None = None
    message: str = Field(min_length=1, max_length=MAX_TEXT)


class Review(Answer):
    verdict: Literal["approve", "revise"]
    comments: list[ReviewerComment] = Field(default_factory=list, max_length=50)


A = TypeVar("A", bound=Answer)


def parse(schema: type[A], text: str) -> A:
    """The JSON object in ``text`` (fenced, or in the middle of prose) that matches ``schema``, as it is or repaired: one with
    the schema's own keys before all others. Raises ``Unusable``, also where the text says two things."""
    said = without_thoughts(text)
    _check_decided(schema, said)
    problem = ""
    readings: dict[bool, list[tuple[int, dict[str, Any]]]] = {}
    for is_own in (True, False):
        for repair in (False, True):
            if repair not in readings:
                readings[repair] = [(own_keys(schema, data), data) for data in (_repaired if repair else objects)(said)]
            answers: list[tuple[int, A]] = []
            for keys, data in readings[repair]:
                if bool(keys) is not is_own:
                    continue
                try:
                    answers.append((keys, schema.model_validate(coerced(schema, data))))
                except ValidationError as error:
                    problem = problem or _explain(error)
            if answers:
                if is_own and any(not keys and goes_on(schema, data) for keys, data in readings[False]):
                    raise Unusable("it is in several objects. Give one that has all of it.")
                # what was repaired is the same text in several readings
                return answers[0][1] if repair else _only(answers)
    raise Unusable(problem or ("it is cut off before its end." if _is_cut(said) else "it contains no complete JSON object."))


def _only(answers: Sequence[tuple[int, A]]) -> A:
    most = max(keys for keys, _ in answers)
    best = [answer for keys, answer in answers if keys == most]
    if any(answer != best[0] for answer in best):
        raise Unusable("it contains several objects of this form that differ. Give one.")
    return best[0]


def _check_decided(schema: type[Answer], text: str) -> None:
    """Raises ``Unusable`` where the text, in its objects and beside them, decides both ways."""
    for name in CAUTIOUS.keys() & schema.model_fields.keys():
        allowed = get_args(schema.model_fields[name].annotation)
        decided: set[str] = set()
        at = 0
        for start, end, data in [*located(text, repeated=True), (len(text), len(text), {})]:
            beside = text[at:start]
            stated = (
                decision(allowed, hit[1]) for hit in _STATED[name].finditer(beside)
                if _RESTATES.match(beside[hit.start(1) : hit.start(1) + MAX_RESTATED]) is None
            )  # fmt: skip
            decided |= {word for word in stated if word} | decisions(name, allowed, data)
            decided |= {CAUTIOUS[name]} if _OTHERWISE[name].search(beside) else set()
            at = end
        if len(decided) > 1:
            raise Unusable(f"it says more than one {name}. Give one.")


def _repaired(text: str) -> list[dict[str, Any]]:
    """An answer that is cut off is not repaired: half of a plan would pass for a whole one."""
    return [] if _is_cut(text) else mended(text)


def _is_cut(text: str) -> bool:
    return text.count("{") > text.count("}") and not text.rstrip("` \n\t").endswith(("}", "]"))


def _explain(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in error.errors()[:5]) + "."
