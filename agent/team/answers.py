"""The JSON answers of the team: their schemas, and how they are found in what a model really writes."""

from __future__ import annotations

import json
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_TEXT = 4_000
MAX_BRACES = 5_000
"""So many opening braces are tried in one answer: each costs time, and an answer can be nothing but braces."""


class Unusable(ValueError):
    """An answer that can't be read; its text tells the model what is wrong with it."""


class Answer(BaseModel):
    """Types are strict; unknown keys are dropped, for models like to add some."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Analysis(Answer):
    clear: bool = True
    question: str = Field("", max_length=MAX_TEXT)
    summary: str = Field(min_length=1, max_length=MAX_TEXT)
    complexity: Literal["low", "medium", "high"]
    stack: str | None = None


class PlanStep(Answer):
    title: str = Field(min_length=1, max_length=500)
    why: str = Field("", max_length=1_000)
    files: list[str] = Field(default_factory=list, max_length=200)
    kind: Literal["create", "modify", "delete", "test", "docs", "config"]


class Plan(Answer):
    summary: str = Field(min_length=1, max_length=MAX_TEXT)
    steps: list[PlanStep] = Field(min_length=1, max_length=20)
    risks: list[str] = Field(default_factory=list, max_length=20)
    test_strategy: str = Field("", max_length=MAX_TEXT)
    questions: list[str] = Field(default_factory=list, max_length=20)


class Comment(Answer):
    path: str | None = None
    line: int | None = None
    message: str = Field(min_length=1, max_length=MAX_TEXT)


class Review(Answer):
    verdict: Literal["approve", "revise"]
    comments: list[Comment] = Field(default_factory=list, max_length=50)


A = TypeVar("A", bound=Answer)


def parse(schema: type[A], text: str) -> A:
    """The first JSON object in ``text`` (fenced, or in the middle of prose) that matches ``schema``. Raises ``Unusable``."""
    objects = _objects(text)
    if not objects:
        raise Unusable("it holds no complete JSON object.")
    problem = ""
    for data in objects:
        try:
            return schema.model_validate(data)
        except ValidationError as error:
            problem = problem or _explain(error)
    raise Unusable(problem)


def _objects(text: str) -> list[dict[str, Any]]:
    """The outermost JSON objects in ``text``, in order."""
    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    start, tried = text.find("{"), 0
    while start >= 0 and tried < MAX_BRACES:
        tried += 1
        try:
            data, end = decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError):
            start = text.find("{", start + 1)
            continue
        found.append(data)
        start = text.find("{", end)
    return found


def _explain(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in error.errors()[:5]) + "."
