"""What one phase of one run works on, and how the prompts describe it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from agent.checks.commands import Commands
from agent.checks.project import read_profile
from agent.checks.test_configuration import NOTHING, SetAside
from agent.context import Interest, Section, View, collect_context, sections
from agent.context.tokenization import words_of
from agent.patch import Edits, how_to_answer
from agent.patch.engine import digest
from agent.patch.model import Format
from agent.ports import CommandResult, JSONObject, Ports, TaskSpec
from agent.projects import ProjectPart, ProjectProfile
from agent.projects.in_plan import with_edits
from agent.prompt_blocks import block
from agent.stacks import NONE, Stack
from agent.team.earlier import told
from agent.team.loop_detection import Loops, WatchedJournal
from agent.team.model_calls import ModelCalls
from agent.team.session import Session
from agent.team.steering import SteeringLog
from agent.tools import ToolResult

FOR_PEOPLE = ("estimate", "project")
"""Parts of a plan that are not put into prompts with it."""
NO_STACK = (
    "No built-in stack's rules hold. Use the language and the libraries that the task and people name and the simplest layout "
    "that fits them, and declare what it needs in the language's own manifest."
)
ROLES = ("team_leader", "engineer", "tester", "reviewer")


class Editor(Protocol):
    """Whoever changes the files of the workdir for a role. ``edits`` counts what it has applied."""

    edits: int

    async def edit(self, edits: Edits, step: str) -> ToolResult:
        """Checks and applies ``edits`` at once, as the journal's ``step``; a refusal is told with the file's real lines."""
        ...

    def may_keep(self, path: str) -> bool:
        """Whether what a command did to ``path`` is part of the change."""
        ...

    def has_kept(self, paths: Sequence[str]) -> None:
        """A command has changed these, and they stay."""
        ...


class PhaseContext:
    """One phase. ``key`` is the prefix of its journal steps: ``plan/1`` or ``execute``. ``confidence`` (0-1) and ``evidence``
    say how sure ``stack`` is and why, ``no_stack`` that it is settled that no stack's rules hold; ``profile`` is what the
    repository is. ``baseline`` is how the tests went before the change, where that was measured, and ``baselines`` the same for
    each part by its key; ``installed`` how the install step of each round and part ended. ``changed`` are the paths that the
    change has touched so far, ``modified`` those of them that were there before; ``aside`` is what of it its tests are judged
    without, ``before`` all of it, ``code_before`` all of it but tests. ``rejected`` is the plan that people rejected last;
    ``edit_format`` the one that the engineer is asked for, at first the one that the model is known to do best. ``session`` is
    the conversation of planner and engineer, ``planned`` the plan that it ends with, ``commit_style`` how the repository's
    commits are written; ``outputs`` are those of the commands that roles have run, ``run_environment`` what the environment of
    those commands was made for, ``run_environments`` how often one was; ``editor`` applies their edits."""

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
        self.planned: JSONObject = {}
        self.commit_style = ""
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
        self._session: Session | None = None
        self.outputs: list[str] = []
        self.run_environment: str | None = None
        self.run_environments = 0
        self.editor: Editor | None = None
        self.calls = ModelCalls(ports, self.loops)
        self.commands = Commands(ports, key)

    async def read(self, step: str, wanted: Sequence[str] = ()) -> None:
        """Renews ``view``: lists the workdir and reads ``wanted`` and the files that explain a project.

        The map, the tests' layout and the history are of the first reading, before the session begins: what the team writes
        itself it knows.
        """
        first = not self._looked and self._session is None

        async def act() -> JSONObject:
            return (await collect_context(self.root, wanted, replace(self._interest(), again=not first))).to_json()

        inputs = {"wanted": list(wanted)}
        view = View.from_json(await self.ports.journal.step(f"{self.key}/{step}", "read", inputs, act))
        before = self.view
        if self._looked:
            known = {name: getattr(before, name) for name in ("map", "resolved", "tests", "history", "absent")}
            view = replace(view, **known)
        self.view = view
        self._looked = True
        self.calls.cut_files.clear()

    async def find_out(self, step: str, stack_part: ProjectPart | None = None) -> None:
        """Finds out what the repository is: its ``profile``, with the commands of the approved plan. ``stack_part`` is what the
        stack says where files say nothing."""
        self.profile, self._with_tests = await read_profile(
            self.root, self.ports.journal, f"{self.key}/{step}", with_edits(self.spec.commands, self.plan), stack_part
        )
        if self.profile.always_ask:
            self.spec = replace(self.spec, asks=True)

    def has_tests(self, part: ProjectPart) -> bool:
        """Whether there are files that its runner takes for tests; True where that can't be told by their names: what builds
        C names its tests itself."""
        if not part.test_files or part.ecosystem == "native" or part.key in self._with_tests:
            return True
        return any(part.is_test(path) and (self.root / path).is_file() for path in self.changed)

    def tested_parts(self) -> list[ProjectPart]:
        """Those whose tests speak for the plan and the change."""
        return self.profile.tested_by(list(dict.fromkeys((*self.planned_files(), *self.changed))))

    @property
    def session(self) -> Session:
        """Begun with what is known of the repository and the task where no earlier one is gone on with."""
        if self._session is None:
            self._session = self._begun()
        return self._session

    def go_on_in(self, session: Session) -> None:
        self._session = session

    def _begun(self) -> Session:
        stable, of_task = self.situation()
        session = Session("\n\n".join(filter(None, (stable, of_task))), common=len(stable))
        session.shown = {path: digest(text.encode()) for path, text in self.view.texts.items()}
        return session

    def new_session(self) -> Session:
        """One that shares only its opening with the others, for a fresh eye: of what the task may be about, it looks at what it
        needs beside the change, where the model has tools."""
        known = self._session or self._begun()
        return Session(known.opening[: known.common] if self.takes_tools else known.opening)

    def seen(self) -> dict[str, str]:
        """path → SHA-256 of every file that the session shows in full, as it was shown last."""
        read = {path for found in self.session.sources.values() for path in found}
        return {path: mark for path, mark in self.session.shown.items() if path in read or path not in self.calls.cut_files}

    def _interest(self) -> Interest:
        said = (self.spec.text, *self.spec.constraints, *self.feedback, str(self.plan.get("summary", "")))
        windows = [self.ports.model.profile(role).context_tokens for role in ROLES]
        known = [window for window in windows if window is not None]
        return Interest(
            words=words_of(*said),
            text="\n".join(said),
            test=self.stack.test if self.stack else (),
            window=min(known, default=None),
            cache=self.ports.map_cache,
            tools=self.takes_tools,
        )

    @property
    def takes_tools(self) -> bool:
        """Whether the models of all roles can look up what they are not shown."""
        return all(self.ports.model.profile(role).takes_tools for role in ROLES)

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
        return block("plan", plan_text(self.plan))

    def situation(self) -> tuple[str, str]:
        """What is known of the repository, the task and its rules, and then what of the repository the task may be about: the
        opening of a session.

        What changes least comes first, so that a provider's cache of prompts holds from call to call and from task to task.
        """
        known = sections(self.view, list(self.profile.told()))
        parts = {of_task: [shown(section) for section in known if section.of_task == of_task] for of_task in (False, True)}
        return "\n\n".join((*parts[False], *self._task())), "\n\n".join(parts[True])

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
        parts += self.stack_rules()
        return parts if self.spec.output_mode == "patch_existing" else [*parts, "It is a new project."]

    def stack_rules(self) -> list[str]:
        """What the stack asks for; nothing where it is not settled yet."""
        if self.stack is not None:
            fits = "Follow what fits the project:" if self.spec.output_mode == "patch_existing" else "Its rules:"
            needed = f"\nIt needs: {', '.join(self.stack.files_required)}." if self.spec.output_mode == "generate_new" else ""
            notes = self.stack.prompt_notes.strip()
            return [f"The stack is {self.stack.title} ({self.stack.id}). {fits}\n{notes}{needed}"]
        return [NO_STACK] if self.no_stack and self.spec.output_mode == "generate_new" else []


def plan_text(plan: JSONObject) -> str:
    """A plan as prompts show it: a line for each of its parts and steps."""
    known = {name: value for name, value in plan.items() if name not in FOR_PEOPLE and value}
    steps = known.pop("steps", None)
    lines = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in known.items()]
    if isinstance(steps, list):
        lines += ['"steps":', *(json.dumps(step, ensure_ascii=False) for step in steps)]
    return "\n".join(lines)


def shown(section: Section) -> str:
    return f"{section.title}\n{block(section.name, section.text)}"
