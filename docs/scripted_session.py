"""A whole run in this process over a small repository with a scripted model, for the requests that it sends.

The repository has no git history and the sandbox answers from a table, so each time the same texts come out.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.in_memory import CancelFlag, LocalBudget, MemoryJournal
from agent.models.prices import estimate_call
from agent.pipeline import carry_out, draft_plan
from agent.ports import (
    CallEstimate,
    CommandResult,
    JSONObject,
    ModelCompletion,
    ModelProfile,
    ModelRequest,
    Ports,
    TaskSpec,
    ToolCall,
)
from agent.projects import ProjectPart
from agent.runtime import bootstrap

TASK = "Let total() ignore prices that are None"
REPOSITORY = {
    "AGENTS.md": "# Rules\n\nKeep functions small. Prices are integers in cents.\n",
    "README.md": "# Shop\n\nAdds up prices.\n",
    "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['pytest']\n",
    "shop/__init__.py": "",
    "shop/prices.py": "def total(prices):\n    return sum(prices)\n",
    "shop/names.py": "def greet(name):\n    return 'Hi ' + name\n",
    "tests/test_prices.py": "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
}
PLAN = {
    "summary": "Leave None out of the sum.", "complexity": "low", "stack": None, "risks": [], "test_strategy": "Run the tests.",
    "steps": [{"title": "Leave None out", "files": ["shop/prices.py"], "kind": "modify"}],
}  # fmt: skip
DONE = {"summary": "total() leaves None out.", "subject": "Ignore prices that are None"}
TEST = "\n\ndef test_none_is_left_out():\n    assert total([1, None]) == 1\n"
EXACT = "price for price in prices if price is not None"
WRONG = {"path": "shop/prices.py", "line": 2, "message": "A price of 0 is left out as well: ask for None."}

Said = str | tuple[str, JSONObject]
"""The text of an answer, or the name of a tool and the arguments that it is called with."""
ANSWERS: dict[str, Said] = {
    "plan/1/draft": ("read", {"paths": ["shop/prices.py", "tests/test_prices.py"]}),
    "plan/1/draft/t1": json.dumps(PLAN),
    "execute/write/0": ("edit", {"path": "shop/prices.py", "old": "sum(prices)", "new": "sum(filter(None, prices))"}),
    "execute/write/0/t1": ("run", {"command": "python -c 'from shop.prices import total; print(total([1, None]))'"}),
    "execute/write/0/t2": ("finish", DONE),
    "execute/write_test": ("edit", {"path": "tests/test_prices.py", "content": REPOSITORY["tests/test_prices.py"] + TEST}),
    "execute/write_test/t1": ("finish", DONE),
    "execute/review/1": json.dumps({"verdict": "revise", "comments": [WRONG]}),
    "execute/write/2": ("edit", {"path": "shop/prices.py", "old": "filter(None, prices)", "new": EXACT}),
    "execute/write/2/t1": ("finish", DONE),
    "execute/review/2": json.dumps({"verdict": "approve", "comments": []}),
}


class ScriptedModel:
    """Answers by the key of a request, with tools of its own."""

    name = "scripted"

    def __init__(self, answers: Mapping[str, Said]) -> None:
        self.requests: list[ModelRequest] = []
        self._answers = answers

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, native_tools=True)

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return estimate_call(request, None)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        self.requests.append(request)
        said = self._answers[request.key]
        if isinstance(said, str):
            return ModelCompletion(said, self.name, 1, 1)
        call: ToolCall = {"id": f"call-{len(self.requests)}", "name": said[0], "arguments": said[1]}
        return ModelCompletion("", self.name, 1, 1, finish_reason="tool_calls", tool_calls=[call])

    async def aclose(self) -> None:
        """Holds nothing."""


class TableSandbox:
    """Runs nothing: tests pass, everything else prints a number."""

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        return None

    async def run(self, argv: Sequence[str], **options: Any) -> CommandResult:
        return CommandResult(tuple(argv), 0, 5, "1 passed in 0.01s" if "pytest" in argv else "1")


class SilentSink:
    """Nobody listens."""

    async def emit(self, type: str, data: JSONObject, message: str = "") -> None:
        """Drops it."""

    def text(self, role: str, text: str) -> None:
        """Drops it."""


def requests() -> list[ModelRequest]:
    """All that one run sends, in order."""
    with tempfile.TemporaryDirectory(prefix="mgx-docs-") as directory:
        bootstrap(Path(directory) / "metagpt")
        root = Path(directory) / "workdir"
        for name, text in REPOSITORY.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        model, sink = ScriptedModel(ANSWERS), SilentSink()
        ports = Ports(model, sink, MemoryJournal(sink, root), TableSandbox(), LocalBudget(), CancelFlag())
        asyncio.run(_run(TaskSpec(TASK), root, ports))
    return model.requests


async def _run(spec: TaskSpec, root: Path, ports: Ports) -> None:
    await carry_out(spec, await draft_plan(spec, root, ports), root, ports)
