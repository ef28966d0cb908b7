"""The reference author: plays the whole team and answers with a case's own solution.

It is not a model and proves nothing about one. What it writes are the recordings that this repository ships: they try the
pipeline (edits, formats, sandbox, tests, revisions, questions) and the cases on machines without a model.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from agent.models.prices import estimate_call, estimate_prompt
from agent.patch import apply_patch
from agent.ports import CallEstimate, ModelCompletion, ModelProfile, ModelRequest, ToolCall
from agent.token_estimates import estimate_tokens
from evals.cases import Case

NAME = "reference"
QUESTION = "Which of the possible meanings is meant? The task leaves it open, and each leads to other code."


class ReferenceModel:
    """The author of one case's recording: its detours first, then its solution."""

    name = NAME

    def __init__(self, case: Case) -> None:
        self._case = case
        self._solved = solve(case) if case.judged else {}
        self._detours = [case.detour(name) for name in case.recording.detours]
        self._written = 0

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name)

    def estimate(self, request: ModelRequest) -> CallEstimate:
        return estimate_call(request, None)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        await asyncio.sleep(0)  # gives way once, as a real endpoint would
        calls = self._calls(request)
        text = "" if calls else self._say(request)
        on_text(text)
        tokens_out = estimate_tokens([text, json.dumps(calls)])
        reason = "tool_calls" if calls else "stop"
        return ModelCompletion(text, self.name, estimate_prompt(request), tokens_out, finish_reason=reason, tool_calls=calls)

    async def aclose(self) -> None:
        """Holds nothing."""

    def _calls(self, request: ModelRequest) -> list[ToolCall]:
        """The engineer looks at some files by tool before its first answer, where the case wants that."""
        asked = any(message["role"] == "tool" for message in request.messages)
        offered = any(tool.name == "read" for tool in request.tools)
        if request.action != "WriteCode" or asked or not offered:
            return []
        paths = list(self._case.recording.reads)
        return [{"id": "call-1", "name": "read", "arguments": {"paths": paths}}] if paths else []

    def _say(self, request: ModelRequest) -> str:
        match request.action:
            case "DraftPlan":
                return self._plan(request)
            case "WriteCode" | "ReviseCode":
                return self._change()
            case "ReviewCode":
                return json.dumps({"verdict": "approve", "comments": []})
        return "NO CHANGE"

    def _plan(self, request: ModelRequest) -> str:
        asks = self._case.expected.outcome == "question" and request.key.startswith("plan/1/")
        step = {"title": self._case.title, "why": "They hold what the task is about.", "files": sorted(self._solved)}
        return json.dumps(
            {
                "clear": not asks,
                "question": QUESTION if asks else "",
                "summary": self._case.title,
                "complexity": "low",
                "stack": self._case.stack,
                "steps": [] if asks else [{**step, "kind": "modify"}],
                "risks": [],
                "test_strategy": "Run the project's tests.",
            }
        )

    def _change(self) -> str:
        turn, self._written = self._written, self._written + 1
        if turn < len(self._detours):
            return self._detours[turn]
        if not self._detours:
            return self._case.solution
        # a detour may have changed the files that the patch was made for; whole ones fit whatever is there
        return "".join(f"FILE: {path}\n{text}" for path, text in self._solved.items() if text is not None)


def solve(case: Case) -> dict[str, str | None]:
    """Path → text of every file that the reference solution changes, None where it removes one. Raises ``PatchRejected`` or
    ``EditsInvalid`` for a solution that does not apply."""
    with tempfile.TemporaryDirectory(prefix="mgx-eval-solution-") as directory:
        tree = Path(directory) / "tree"
        shutil.copytree(case.repo, tree, symlinks=True)
        result = apply_patch(tree, case.solution)
        paths = {path for file in result.files for path in (file.path, file.source) if path}
        return {path: _text(tree / path) for path in sorted(paths)}


def _text(path: Path) -> str | None:
    return path.read_bytes().decode() if path.is_file() else None
