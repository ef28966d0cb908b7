"""A script for the scripted server (or a model in the process) that plays the whole team: what each action answers, in turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.scripted_openai import Message, Reply

INSTRUCTIONS = {
    "You are the team leader. Plan this task": "DraftPlan",
    "You are the engineer now. The plan is approved; carry": "WriteCode",
    "You are an engineer now. The plan is approved; carry out your part": "WritePart",
    "The change is not complete. What must change": "ReviseCode",
    "You are the tester now": "WriteTest",
    "You are the reviewer. Review this change": "ReviewCode",
}
"""How the instruction begins that a role is given for an action; the newest one in a session counts."""
Said = str | Reply | Callable[[list[Message]], str | Reply]


def plan(*files: str, **values: Any) -> str:
    steps = [{"title": "Do it", "files": list(files), "kind": "modify"}]
    known = {"summary": "Do it.", "complexity": "low", "stack": "fastapi", "steps": steps, "risks": []}
    return json.dumps({**known, "test_strategy": "Run the tests.", **values})


def unclear(question: str, **values: Any) -> str:
    """The leader's answer where nobody could start work."""
    return plan(clear=False, question=question, steps=[], **values)


def action_of(messages: Sequence[Message]) -> str:
    """The action that a request asks for, by the newest instruction in its messages."""
    for message in reversed(messages):
        text = message["content"] if message["role"] == "user" else ""
        places = {text.rfind(start): name for start, name in INSTRUCTIONS.items()}
        if max(places) >= 0:
            return places[max(places)]
    raise AssertionError("no instruction is known in these messages")


def review(verdict: str = "approve", *comments: str) -> str:
    return json.dumps({"verdict": verdict, "comments": [{"path": None, "line": None, "message": text} for text in comments]})


@dataclass
class TeamScript:
    """Each action has its answers in turn, the last one for ever. ``asked`` lists the actions that were asked for."""

    answers: dict[str, Sequence[Said]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, messages: list[Message]) -> str | Reply:
        action = action_of(messages)
        turn = self.asked.count(action)
        self.asked.append(action)
        said = self.answers[action][min(turn, len(self.answers[action]) - 1)]
        return said(messages) if callable(said) else said


def script(*, code: str, files: Sequence[str] = (), **answers: Sequence[Said]) -> TeamScript:
    """A team that plans ``files``, writes ``code``, adds no tests and approves; ``answers`` by action replace that."""
    usual: dict[str, Sequence[Said]] = {
        "DraftPlan": [plan(*files)],
        "WriteCode": [code],
        "ReviseCode": [code],
        "WriteTest": ["NO CHANGE"],
        "ReviewCode": [review()],
    }
    return TeamScript({**usual, **answers})
