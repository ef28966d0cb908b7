"""What one phase of one run works on, and how the prompts describe it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from agent.blocks import block
from agent.commands import Commands
from agent.context import View, look
from agent.ports import JSON, CommandResult, Ports, TaskSpec
from agent.stacks import Stack
from agent.team.calls import ModelCalls


class Work:
    """One phase. ``key`` is the prefix of its journal steps: ``plan/1`` or ``execute``. ``confidence`` (0-1) and ``evidence``
    say how sure ``stack`` is and why; ``baseline`` is how the tests went before the change, where that was measured;
    ``installed`` how the install step of each round ended; ``rejected`` the plan that people rejected last."""

    def __init__(
        self,
        spec: TaskSpec,
        root: Path,
        ports: Ports,
        key: str,
        *,
        stack: Stack | None = None,
        plan: JSON | None = None,
        feedback: Sequence[str] = (),
        rejected: JSON | None = None,
    ) -> None:
        self.spec = spec
        self.root = root
        self.ports = ports
        self.key = key
        self.stack = stack
        self.plan = plan or {}
        self.feedback = tuple(feedback)
        self.rejected = rejected
        self.confidence = 0.0
        self.evidence = ""
        self.baseline: JSON | None = None
        self.installed: dict[str, CommandResult | None] = {}
        self.view = View()
        self.calls = ModelCalls(ports)
        self.commands = Commands(ports, key)

    async def read(self, step: str, wanted: Sequence[str] = ()) -> None:
        """Renews ``view``: lists the workdir and reads ``wanted`` and the files that explain a project."""

        async def act() -> JSON:
            return (await look(self.root, wanted)).to_json()

        inputs = {"wanted": list(wanted)}
        self.view = View.from_json(await self.ports.journal.step(f"{self.key}/{step}", "read", inputs, act))

    def planned_files(self) -> list[str]:
        """Every path that the plan names, in its order. A person may have edited the plan, so its shape is not trusted."""
        steps = self.plan.get("steps") or []
        paths = [path for step in steps if isinstance(step, dict) for path in step.get("files") or []]
        return list(dict.fromkeys(path for path in paths if isinstance(path, str)))

    def plan_block(self) -> str:
        return block("plan", json.dumps(self.plan, indent=1, ensure_ascii=False))

    def situation(self) -> str:
        """The task, its rules and what is known of the repository, as the opening of every prompt."""
        parts = [block("task", self.spec.text.strip())]
        if self.spec.constraints:
            parts.append("Constraints:\n" + block("constraints", "\n".join(self.spec.constraints)))
        if self.spec.project_type:
            parts.append(f"Kind of project: {block('project_type', self.spec.project_type)}")
        if self.spec.strict_requirements:
            parts.append("Keep to the wording of the task and the constraints strictly: nothing less, nothing more.")
        if self.feedback:
            parts.append(
                "What people said of earlier plans, and in answer to questions:\n" + block("feedback", "\n".join(self.feedback))
            )
        if self.stack is not None:
            fits = "What fits the project applies:" if self.spec.output_mode == "patch_existing" else "Its rules:"
            needed = f"\nIt needs: {', '.join(self.stack.files_required)}." if self.spec.output_mode == "generate_new" else ""
            notes = self.stack.prompt_notes.strip()
            parts.append(f"The stack is {self.stack.title} ({self.stack.id}). {fits}\n{notes}{needed}")
        parts.append(
            "The change is to the existing project below; leave alone whatever the task does not name."
            if self.spec.output_mode == "patch_existing"
            else "It is a new project."
        )
        parts.append("Files of the repository:\n" + block("repository_files", "\n".join(self.view.files)))
        parts += [f"Content of {path}:\n" + block("file", text) for path, text in self.view.texts.items()]
        known = {"repository_map": self.view.map, "test_layout": self.view.tests, "recent_history": self.view.history}
        parts += [block(name, text) for name, text in known.items() if text]
        if self.view.hidden:
            hidden = "\n".join(f"{path}: {reason}" for path, reason in self.view.hidden.items())
            parts.append("Not shown, so they must not be rewritten:\n" + block("hidden_files", hidden))
        return "\n\n".join(parts)
