"""A script for the scripted server (or a model in the process) that plays the whole team: what each action answers, in turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.scripted_openai import Message, Reply

OPENINGS = {
    "Analyse this task": "AnalyzeTask",
    "Plan this task": "DraftPlan",
    "Carry out this approved plan": "WriteCode",
    "Carry out your part of this approved plan": "WritePart",
    "Your change is incomplete": "ReviseCode",
    "The engineer has carried out": "WriteTest",
    "Review this change": "ReviewCode",
}
Said = str | Reply | Callable[[list[Message]], str | Reply]


def analysis(**values: Any) -> str:
    known = {"clear": True, "question": "", "summary": "A small change.", "complexity": "low", "stack": "fastapi"}
    return json.dumps({**known, **values})


def plan(*files: str, **values: Any) -> str:
    steps = [{"title": "Do it", "files": list(files), "kind": "modify"}]
    return json.dumps({"summary": "Do it.", "steps": steps, "risks": [], "test_strategy": "Run the tests.", **values})


def review(verdict: str = "approve", *comments: str) -> str:
    return json.dumps({"verdict": verdict, "comments": [{"path": None, "line": None, "message": text} for text in comments]})


@dataclass
class TeamScript:
    """Each action has its answers in turn, the last one for ever. ``asked`` lists the actions that were asked for."""

    answers: dict[str, Sequence[Said]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, messages: list[Message]) -> str | Reply:
        opening = next(message["content"] for message in messages if message["role"] == "user")
        action = next(name for start, name in OPENINGS.items() if opening.startswith(start))
        turn = self.asked.count(action)
        self.asked.append(action)
        said = self.answers[action][min(turn, len(self.answers[action]) - 1)]
        return said(messages) if callable(said) else said


def script(*, code: str, files: Sequence[str] = (), **answers: Sequence[Said]) -> TeamScript:
    """A team that plans ``files``, writes ``code``, adds no tests and approves; ``answers`` by action replace that."""
    usual: dict[str, Sequence[Said]] = {
        "AnalyzeTask": [analysis()],
        "DraftPlan": [plan(*files)],
        "WriteCode": [code],
        "ReviseCode": [code],
        "WriteTest": ["NO CHANGE"],
        "ReviewCode": [review()],
    }
    return TeamScript({**usual, **answers})
