"""One case, read from ``cases/NAME.toml``: a project, a task, what a careful engineer does about it, and how it is judged.

The project is one of ``evals/repositories/projects`` (``project = "NAME"``) or described in the same keys. ``[[bug]]`` edits
are part of its first commit, so nothing of published projects is kept in this repository. ``[[turn]]`` are the engineer's
answers in order: ``say``, and what is looked at, edited and run in that answer. ``ask`` are lines of the shell that only an
agent needs which is not told: where things are (the opening of our session) or how all tests end (our proof by machine).
``[hidden]`` are the tests that judge the result; nobody sees them before.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.repositories.description import DescriptionInvalid, PlantedBug, ProjectDescription, described, read_all

CASES = Path(__file__).with_name("cases")


@dataclass(frozen=True)
class Look:
    """A place that is looked at: the lines of ``path`` that hold ``search``, or ``lines`` (as ``40-90``), or all."""

    path: str
    search: str = ""
    lines: str = ""


@dataclass(frozen=True)
class ScriptedEdit:
    """``old``, which stands once in ``path``, becomes ``new``; without ``old`` the file is new and holds ``new``."""

    path: str
    new: str
    old: str = ""


@dataclass(frozen=True)
class ScriptedTurn:
    """One answer: what is said in it, and what is done, in this order. Where only ``ask`` has something, who is told leaves the
    answer out."""

    say: str
    ask: Sequence[str] = ()
    look: Sequence[Look] = ()
    edit: Sequence[ScriptedEdit] = ()
    run: Sequence[str] = ()


@dataclass(frozen=True)
class SessionCase:
    """``kind`` is ``bug`` or ``feature``. ``why`` is the plan's reason; ``subject`` the first line of the commit."""

    name: str
    kind: str
    task: str
    why: str
    subject: str
    project: ProjectDescription
    turns: Sequence[ScriptedTurn]
    hidden: Mapping[str, str]
    command: str
    bugs: Sequence[PlantedBug] = ()

    @property
    def edits(self) -> list[ScriptedEdit]:
        return [edit for turn in self.turns for edit in turn.edit]

    @property
    def files(self) -> list[str]:
        """Those that the edits change, in their order."""
        return list(dict.fromkeys(edit.path for edit in self.edits))


def read_cases(names: Sequence[str] = (), folder: Path = CASES) -> list[SessionCase]:
    """Those called ``names``, else all, sorted. Raises DescriptionInvalid."""
    wanted = list(names) or sorted(path.stem for path in folder.glob("*.toml"))
    if unknown := [name for name in wanted if not (folder / f"{name}.toml").is_file()]:
        raise DescriptionInvalid(f"There is no case called {unknown[0]}. `python -m evals.sessions list` shows them.")
    return [_read(name, tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))) for name in wanted]


def _read(name: str, data: Mapping[str, Any]) -> SessionCase:
    try:
        case = SessionCase(
            name,
            data["kind"],
            data["task"].strip(),
            data["why"],
            data["subject"],
            _project(name, data),
            [_turn(turn) for turn in data["turn"]],
            data["hidden"]["files"],
            data["hidden"]["command"],
            [PlantedBug(**bug) for bug in data.get("bug", ())],
        )
    except (KeyError, TypeError) as error:
        raise DescriptionInvalid(f"{name}.toml is not a case: {error}") from error
    if not any(turn.edit for turn in case.turns):
        raise DescriptionInvalid(f"{name}.toml has no turn that edits: there is nothing to judge.")
    return case


def _project(name: str, data: Mapping[str, Any]) -> ProjectDescription:
    if "project" not in data:
        by_hand = {"reading": "none", **data["by_hand"]}  # nothing is counted here
        return described(name, {**data, "runner": "", "by_hand": by_hand, "bug": None})
    (known,) = read_all([data["project"]])
    return replace(known, files={**known.files, **data.get("files", {})}, bug=None)


def _turn(data: Mapping[str, Any]) -> ScriptedTurn:
    return ScriptedTurn(
        data["say"],
        data.get("ask", ()),
        [Look(**look) for look in data.get("look", ())],
        [ScriptedEdit(**edit) for edit in data.get("edit", ())],
        data.get("run", ()),
    )
