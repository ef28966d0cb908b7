"""The cases: a folder each below ``evals/cases``, read and checked here.

::

    cases/ID/case.toml         title, task, stack, kind, what is expected (``Case`` names every key)
    cases/ID/repo/             the repository as the agent gets it, with its own visible tests
    cases/ID/hidden/           laid over the result, then ``command`` runs; the agent never sees it
    cases/ID/solution.patch    a change that solves it, in any format of the edit engine: proof that it can be solved
    cases/ID/detours/          answers that a recording gives before the right one
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent import stacks

CASES = Path(__file__).resolve().parent / "cases"
KINDS = (
    "add-endpoint", "feature", "bug-report", "refactor", "validation", "cli-flag", "pagination", "timezone", "flaky-test",
    "security", "concurrency", "performance", "rename", "docs-config", "unclear", "contradiction", "prompt-injection",
    "failing-baseline", "large-file", "encoding", "removal", "devops",
)  # fmt: skip


class CaseInvalid(ValueError):
    """A case folder that can't be used; the text says which, where, and what to change."""


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Expected(Table):
    """What a right answer is. ``outcome`` ``change``: the hidden tests pass; ``question``: the team asks a person instead of
    guessing. With ``answer`` that person answers, and then the hidden tests must pass too."""

    outcome: Literal["change", "question"] = "change"
    answer: str = ""
    only: list[str] = Field(default_factory=list)
    """Globs of the files that may change; [] means any."""
    forbidden: list[str] = Field(default_factory=list)
    """Texts that the change must not hold, such as the canary of an injection."""


class Hidden(Table):
    """How the result is judged: ``command`` (the stack's test command by default) runs in the sandbox, after the install step
    of ``stack`` (the case's own by default), on the result with ``hidden/`` laid over it. Exit code 0 means solved."""

    command: list[str] = Field(default_factory=list)
    stack: str = ""


class Recording(Table):
    """How the reference author's recording goes before it comes to the solution."""

    detours: list[str] = Field(default_factory=list)
    """Files of ``detours/`` that the engineer answers first, in turn."""
    reads: list[str] = Field(default_factory=list)
    """Paths that the engineer asks for by a tool before the first answer."""


class Case(Table):
    id: str
    title: str = Field(min_length=1)
    kind: str
    stack: str
    task: str = Field(min_length=1)
    constraints: list[str] = Field(default_factory=list)
    needs: list[str] = Field(default_factory=list)
    """Programs that must be there, such as ``npm``; the case is skipped, with the reason, where one is not."""
    expected: Expected = Field(default_factory=Expected)
    hidden: Hidden = Field(default_factory=Hidden)
    recording: Recording = Field(default_factory=Recording)
    folder: Path = Field(exclude=True)

    @property
    def judged(self) -> bool:
        """Whether hidden tests have the last word."""
        return self.expected.outcome == "change" or bool(self.expected.answer)

    def missing(self) -> list[str]:
        """The programs of ``needs`` that this machine has not."""
        return [name for name in self.needs if shutil.which(name) is None]

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def judge_stack(self) -> stacks.Stack:
        return stacks.get(self.hidden.stack or self.stack)

    @property
    def judge_command(self) -> Sequence[str]:
        return self.hidden.command or self.judge_stack.test

    @property
    def solution(self) -> str:
        """The text of the reference patch, line endings as they are in the file."""
        return (self.folder / "solution.patch").read_bytes().decode()

    def detour(self, name: str) -> str:
        return (self.folder / "detours" / name).read_bytes().decode()


def load(directory: Path = CASES) -> list[Case]:
    """Every case below ``directory``, by name. Raises ``CaseInvalid``."""
    return [read(folder) for folder in sorted(directory.iterdir()) if folder.is_dir()]


def select(ids: Sequence[str], directory: Path = CASES) -> list[Case]:
    """The cases of ``ids`` in that order, all of them where there are none. Raises ``CaseInvalid`` for an unknown id."""
    known = {case.id: case for case in load(directory)}
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise CaseInvalid(f"There is no case {', '.join(unknown)}. `python -m evals list` shows them all.")
    return [known[name] for name in ids] or list(known.values())


def read(folder: Path) -> Case:
    """One case. Raises ``CaseInvalid``."""
    path = folder / "case.toml"
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        case = Case.model_validate({**data, "id": folder.name, "folder": folder})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CaseInvalid(f"{path} can't be read: {error}.") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise CaseInvalid(f"{path}: {wrong}.") from error
    for problem in _problems(case):
        raise CaseInvalid(f"{folder.name}: {problem}")
    return case


def _problems(case: Case) -> Sequence[str]:
    found = []
    if case.kind not in KINDS:
        found.append(f"the kind {case.kind!r} is not one of {', '.join(KINDS)}.")
    known = {stack.id for stack in stacks.catalogue()}
    for stack in filter(None, (case.stack, case.hidden.stack)):
        if stack not in known:
            found.append(f"the stack {stack!r} is not one of {', '.join(sorted(known))}.")
    if not found and case.judged and not case.judge_command:
        found.append(f"the stack {case.judge_stack.id} has no test command, so hidden.command must name one.")
    if not case.repo.is_dir():
        found.append("it has no repo/ directory.")
    for name in ("hidden", "solution.patch"):
        there = (case.folder / name).exists()
        if case.judged and not there:
            found.append(f"it has no {name}, and without it nobody can say whether it is solved.")
        if not case.judged and there:
            found.append(f"it expects a question only, so its {name} is never used: remove it.")
    found += [
        f"the detour {name} is not a file in detours/."
        for name in case.recording.detours
        if not (case.folder / "detours" / name).is_file()
    ]
    return found
