"""The JSON answers of the team: their schemas, and how they are found in what a model really writes."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.team.parsing.coerce import coerced
from agent.team.parsing.json_repair import mended, objects, without_thoughts

MAX_TEXT = 4_000


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
    """The first JSON object in ``text`` (fenced, or in the middle of prose) that matches ``schema``, as it is or repaired.
    Raises ``Unusable``."""
    said = without_thoughts(text)
    said = said if "{" in said else text
    problem = ""
    for found in (objects, _repaired):
        for data in found(said):
            try:
                return schema.model_validate(coerced(schema, data))
            except ValidationError as error:
                problem = problem or _explain(error)
    raise Unusable(problem or ("it is cut off before its end." if _is_cut(said) else "it contains no complete JSON object."))


def _repaired(text: str) -> list[dict[str, Any]]:
    """An answer that is cut off is not repaired: half of a plan would pass for a whole one."""
    return [] if _is_cut(text) else mended(text)


def _is_cut(text: str) -> bool:
    return text.count("{") > text.count("}") and not text.rstrip("` \n\t").endswith(("}", "]"))


def _explain(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in error.errors()[:5]) + "."
