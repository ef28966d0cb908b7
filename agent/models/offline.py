"""A model that needs no account and no network: it makes the stack's starter, so that the whole pipeline can be run and tested.

It is deterministic and says what it is. What it can't do it refuses, with what to set for a real model.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from collections.abc import Callable, Sequence
from decimal import Decimal

from agent import stacks
from agent.context import own_files
from agent.errors import AgentError
from agent.excerpts import end_of
from agent.models.prices import Prices, estimate_call
from agent.models.settings import ModelSettings
from agent.ports import CallEstimate, ModelCompletion, ModelProfile, ModelRequest
from agent.prompt_blocks import read_block
from agent.token_estimates import estimate_tokens

HINT = (
    "Set OPENAI_API_KEY (and OPENAI_BASE_URL for another provider) and MGX_MODEL to let a real model do it; "
    "a server takes them when it starts."
)
FREE = Prices(Decimal(0), Decimal(0))
NO_CHANGE = "NO CHANGE"
_TEST = re.compile(r"(?:^|/)tests?/|[.-](?:test|spec|e2e-spec)\.\w+$")
PIECE = 400
"""Characters per piece of the answer, so that watchers see it arrive."""


class OfflineModel:
    name = "offline"

    def __init__(self, settings: ModelSettings | None = None) -> None:
        """Made as every provider is, and needs none of its settings."""

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, native_tools=False, takes_tools=False, edit_format="manifest")

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return estimate_call(request, FREE)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        # gives way once, as a real endpoint would: the team's rounds then fall the same way
        await asyncio.sleep(0)
        text = self._answer(request)
        for start in range(0, len(text), PIECE):
            on_text(text[start : start + PIECE])
        return ModelCompletion(
            text=text,
            model=self.name,
            tokens_in=estimate_tokens(m["content"] for m in request.messages),
            tokens_out=estimate_tokens([text]),
            cost_usd=Decimal(0),
        )

    async def aclose(self) -> None:
        """Holds nothing."""

    def _answer(self, request: ModelRequest) -> str:
        match request.action:
            case "DraftPlan":
                return _plan(request)
            case "WriteCode":
                return _manifest(request)
            case "WriteTest":
                return NO_CHANGE
            case "ReviewCode":
                return json.dumps({"verdict": "approve", "comments": []})
            case "ReviseCode":
                asked = request.messages[-1]["content"]
                if output := read_block(asked, "output"):
                    raise _limited(f"The starter did not pass, and the offline model can't repair it. {end_of(output, 400)}")
                wanted = read_block(asked, "findings") or "Its guardrails refused it."
                raise _limited(f"The offline model writes a stack's starter and nothing else. {wanted[:400].strip()}")
        raise _limited(f"The offline model can't do {request.action}: it only makes a stack's starter.")


def _plan(request: ModelRequest) -> str:
    stack, files = _starter(request)
    tests = [path for path in files if _TEST.search(path)]
    code = [path for path in files if path not in tests]
    what = "files" if stack.project_type == "devops" else "application"
    steps = [{"title": f"Write the {stack.title} {what}", "files": code, "kind": "create"}]
    if tests:
        steps.append({"title": "Write its tests", "files": tests, "kind": "test"})
    check = f"Run `{shlex.join(stack.test)}` in the sandbox." if stack.test else "Read it: there is no test command."
    return json.dumps(
        {
            "summary": f"Create the {stack.title} starter. This plan is by the offline model, which needs no account.",
            "complexity": "low",
            "stack": stack.id,
            "stack_confidence": _stack_of(request)[1],
            "steps": steps,
            "risks": ["The offline model does not read the task's details: a real model must add what is specific to it."],
            "test_strategy": check,
        }
    )


def _manifest(request: ModelRequest) -> str:
    _, starter = _starter(request)
    there = set(_listed(request))
    files = {path: text for path, text in starter.items() if path not in there}
    if "README.md" in files:
        quoted = "\n".join(f"> {line}" for line in request.task.strip().splitlines())
        files["README.md"] = f"{files['README.md'].rstrip()}\n\n## What was asked for\n\n{quoted}\n"
    return "".join(f"FILE: {path}\n{text}" + ("" if text.endswith("\n") or not text else "\n") for path, text in files.items())


def _starter(request: ModelRequest) -> tuple[stacks.Stack, dict[str, str]]:
    own = own_files(_listed(request))
    if own:
        raise _limited(f"The offline model can't work on existing code, and this repository has some ({own[0]}).")
    stack, _ = _stack_of(request)
    files = stack.starter_files()
    if not files:
        raise _limited(f"The offline model has no starter for {stack.title}; it has {_with_starter()}.")
    return stack, files


def _stack_of(request: ModelRequest) -> tuple[stacks.Stack, float]:
    """The stack that is settled, else the one that the task's words name, and how sure that is."""
    found = stacks.infer(request.task)
    if request.stack == stacks.NONE:
        raise _no_starter("No stack's rules hold for this task, and the offline model only has starters of stacks.")
    if request.stack:
        return stacks.get(request.stack), 1.0
    if found.stack is not None:
        return stacks.get(found.stack), found.confidence
    if found.is_none:
        raise _no_starter(f"The task is for {found.outside}, and the offline model has no starter for it.")
    raise _no_starter("The task does not say which stack it is for, and the offline model can't guess it.")


def _listed(request: ModelRequest) -> Sequence[str]:
    return read_block("\n".join(m["content"] for m in request.messages), "repository_files").splitlines()


def _with_starter() -> str:
    return ", ".join(stack.id for stack in stacks.catalogue() if stack.starter is not None)


def _no_starter(detail: str) -> AgentError:
    hint = f"Name a stack in the task or with --stack: the offline model has {_with_starter()}. {HINT}"
    return AgentError(detail, hint=hint, code="offline_model_limited")


def _limited(detail: str) -> AgentError:
    return AgentError(detail, hint=HINT, code="offline_model_limited")
