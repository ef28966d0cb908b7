"""What one phase of one run works on, and how the prompts describe it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from agent.checks.commands import Commands
from agent.checks.project import read_profile
from agent.checks.test_configuration import NOTHING, SetAside
from agent.context import Interest, View, collect_context
from agent.context.tokenization import words_of
from agent.patch import how_to_answer
from agent.patch.model import Format
from agent.ports import CommandResult, JSONObject, Ports, TaskSpec
from agent.projects import ProjectPart, ProjectProfile
from agent.projects.in_plan import with_edits
from agent.prompt_blocks import block
from agent.stacks import NONE, Stack
from agent.team.earlier import told
from agent.team.loop_detection import Loops, WatchedJournal
from agent.team.model_calls import ModelCalls
from agent.team.steering import SteeringLog

FOR_PEOPLE = ("estimate", "project")
"""Parts of a plan that are not put into prompts with it."""
NO_STACK = (
    "No built-in stack's rules hold. Use the language and the libraries that the task and people name and the simplest layout "
    "that fits them, and declare what it needs in the language's own manifest."
)
ROLES = ("team_leader", "engineer", "tester", "reviewer")


class PhaseContext:
    """One phase. ``key`` is the prefix of its journal steps: ``plan/1`` or ``execute``. ``confidence`` (0-1) and ``evidence``
    say how sure ``stack`` is and why, ``no_stack`` that it is settled that no stack's rules hold; ``profile`` is what the
    repository is. ``baseline`` is how the tests went before the change, where that was measured, and ``baselines`` the same for
    each part by its key; ``installed`` how the install step of each round and part ended. ``changed`` are the paths that the
    change has touched so far, ``modified`` those of them that were there before; ``aside`` is what of it its tests are judged
    without, ``before`` all of it, ``code_before`` all of it but tests. ``rejected`` is the plan that people rejected last;
    ``edit_format`` the one that the engineer is asked for, at first the one that the model is known to do best."""

    def __init__(
        self,
        spec: TaskSpec,
        root: Path,
        ports: Ports,
        key: str,
        *,
        stack: Stack | None = None,
        plan: JSONObject | None = None,
        feedback: Sequence[str] = (),
        rejected: JSONObject | None = None,
    ) -> None:
        self.spec = spec
        self.root = root
        journal = WatchedJournal(ports.journal)
        ports = replace(ports, journal=journal)
        self.ports = ports
        self.key = key
        self.stack = stack
        self.plan = plan or {}
        self.feedback = tuple(feedback)
        self.rejected = rejected
        self.confidence = 0.0
        self.evidence = ""
        self.no_stack = False
        self.baseline: JSONObject | None = None
        self.baselines: dict[str, JSONObject] = {}
        self.installed: dict[tuple[str, str], CommandResult | None] = {}
        self.profile = ProjectProfile()
        self.changed: Sequence[str] = ()
        self.modified: Sequence[str] = ()
        self.aside: SetAside = NOTHING
        self.before: SetAside = NOTHING
        self.code_before: SetAside = NOTHING
        self._with_tests: frozenset[str] = frozenset()
        self.view = View()
        self._looked = False
        self.edit_format: Format = ports.model.profile("engineer").edit_format or "manifest"
        self.loops = Loops(journal)
        self.steering = SteeringLog()
        self._looked_up: dict[str, str] = {}
        self.calls = ModelCalls(ports, self.loops)
        self.commands = Commands(ports, key)

    async def read(self, step: str, wanted: Sequence[str] = ()) -> None:
        """Renews ``view``: lists the workdir and reads ``wanted`` and the files that explain a project.

        The map, the tests' layout and the history are of the phase's first reading: what the team writes itself it knows.
        """
        first = not self._looked

        async def act() -> JSONObject:
            return (await collect_context(self.root, wanted, self._interest() if first else None)).to_json()

        inputs = {"wanted": list(wanted)}
        view = View.from_json(await self.ports.journal.step(f"{self.key}/{step}", "read", inputs, act))
        before = self.view
        if not first:
            view = replace(view, map=before.map, tests=before.tests, history=before.history, absent=before.absent)
        self.view = view
        self._looked = True
        self._looked_up.clear()
        self.calls.cut_files.clear()

    async def find_out(self, step: str, stack_part: ProjectPart | None = None) -> None:
        """Finds out what the repository is: its ``profile``, with the commands of the approved plan. ``stack_part`` is what the
        stack says where files say nothing."""
        self.profile, self._with_tests = await read_profile(
            self.root, self.ports.journal, f"{self.key}/{step}", with_edits(self.spec.commands, self.plan), stack_part
        )

    def has_tests(self, part: ProjectPart) -> bool:
        """Whether there are files that its runner takes for tests; True where that can't be told by their names."""
        if not part.test_files or part.key in self._with_tests:
            return True
        return any(part.is_test(path) and (self.root / path).is_file() for path in self.changed)

    def tested_parts(self) -> list[ProjectPart]:
        """Those whose tests speak for the plan and the change."""
        return self.profile.tested_by(list(dict.fromkeys((*self.planned_files(), *self.changed))))

    def has_read(self, texts: Mapping[str, str]) -> None:
        """Files that a tool showed in full."""
        self._looked_up |= texts

    def seen(self) -> dict[str, str]:
        """path → text of every file that the team was shown in full since the workdir was read last."""
        texts = self.view.texts | self._looked_up
        return {path: text for path, text in texts.items() if path not in self.calls.cut_files or path in self._looked_up}

    def _interest(self) -> Interest:
        said = (self.spec.text, *self.spec.constraints, *self.feedback, str(self.plan.get("summary", "")))
        windows = [self.ports.model.profile(role).context_tokens for role in ROLES]
        known = [window for window in windows if window is not None]
        return Interest(
            words=words_of(*said),
            test=self.stack.test if self.stack else (),
            window=min(known, default=None),
            cache=self.ports.map_cache,
        )

    @property
    def stack_id(self) -> str | None:
        """The stack's id, ``none`` where it is settled that there is none, None where nobody knows yet."""
        return self.stack.id if self.stack else NONE if self.no_stack else None

    def planned_files(self) -> list[str]:
        """Every path that the plan names, in its order. A person may have edited the plan, so its shape is not trusted."""
        steps = self.plan.get("steps") or []
        paths = [path for step in steps if isinstance(step, dict) for path in step.get("files") or []]
        return list(dict.fromkeys(path for path in paths if isinstance(path, str)))

    def answer_format(self) -> str:
        return how_to_answer(self.edit_format)

    def plan_block(self) -> str:
        plan = {name: value for name, value in self.plan.items() if name not in FOR_PEOPLE}
        return block("plan", json.dumps(plan, indent=1, ensure_ascii=False))

    def situation(self) -> str:
        """What is known of the repository, the task and its rules, as the opening of every prompt.

        What changes least comes first, so that a provider's cache of prompts holds from call to call and from task to task.
        """
        return "\n\n".join((*self._repository(), *self._task(), *self._work_at_hand()))

    def _repository(self) -> list[str]:
        view = self.view
        parts = [_content(path, view.texts[path]) for path in view.explaining()]
        if facts := list(self.profile.told()):
            parts.append("What the repository is, by its own files:\n" + block("project", "\n".join(facts)))
        if view.tests:
            parts.append("Its tests:\n" + block("test_layout", view.tests))
        if view.history:
            parts.append("Recent commits:\n" + block("recent_history", view.history))
        if view.absent:
            parts.append("Not in this checkout:\n" + block("not_here", view.absent))
        parts.append("Files of the repository:\n" + block("repository_files", view.tree or "\n".join(view.files)))
        return parts

    def _task(self) -> list[str]:
        parts = [block("task", self.spec.text.strip())]
        if self.spec.earlier:
            parts.append(told(self.spec.earlier))
        if self.spec.constraints:
            parts.append("Constraints:\n" + block("constraints", "\n".join(self.spec.constraints)))
        if self.spec.project_type:
            parts.append(f"Kind of project: {block('project_type', self.spec.project_type)}")
        if self.spec.strict_requirements:
            parts.append("Follow the wording of the task and the constraints strictly: do no less and no more.")
        if self.feedback:
            parts.append(
                "What people said about earlier plans, and their answers:\n" + block("feedback", "\n".join(self.feedback))
            )
        if self.stack is not None:
            fits = "Follow what fits the project:" if self.spec.output_mode == "patch_existing" else "Its rules:"
            needed = f"\nIt needs: {', '.join(self.stack.files_required)}." if self.spec.output_mode == "generate_new" else ""
            notes = self.stack.prompt_notes.strip()
            parts.append(f"The stack is {self.stack.title} ({self.stack.id}). {fits}\n{notes}{needed}")
        elif self.no_stack and self.spec.output_mode == "generate_new":
            parts.append(NO_STACK)
        parts.append(
            "This is an existing project; do not change anything that the task does not ask for."
            if self.spec.output_mode == "patch_existing"
            else "It is a new project."
        )
        return parts

    def _work_at_hand(self) -> list[str]:
        view = self.view
        parts = []
        if view.map:
            parts.append(
                "Definitions that may be relevant, with line numbers; most files have more:\n"
                + block("repository_map", view.map)
            )
        explaining = set(view.explaining())
        parts += [_content(path, text) for path, text in view.texts.items() if path not in explaining]
        if view.hidden:
            hidden = "\n".join(f"{path}: {reason}" for path, reason in view.hidden.items())
            parts.append("Not shown, so they must not be rewritten:\n" + block("hidden_files", hidden))
        return parts


def _content(path: str, text: str) -> str:
    return f"Content of {path}:\n" + block("file", text)
