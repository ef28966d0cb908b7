"""One project of the evaluation, read from ``projects/NAME.toml``.

``[source]`` names a source distribution (``sdist``) or a package of npm (``npm``) with its exact ``version``; ``[files]`` are
written over it, or are the whole project where there is no source. ``[by_hand]`` is what a person would do: ``setup`` lines
make the environment in ``$ENVIRONMENT``, ``test`` is the documented command, ``reading`` says how its counts are read.
``[bug]`` replaces one text in one file. Nothing of published projects is kept in this repository.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECTS = Path(__file__).with_name("projects")


class DescriptionInvalid(Exception):
    """A sentence that says which file is wrong and how."""


@dataclass(frozen=True)
class PlantedBug:
    """``old`` stands once in the file at ``path``."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class ProjectDescription:
    """``needs`` are programs without which it is left out; ``runner`` is what the profile has to say."""

    name: str
    title: str
    runner: str
    test: str
    reading: str
    setup: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    registry: str = ""
    package: str = ""
    version: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    bug: PlantedBug | None = None

    def missing(self) -> str:
        """The first program that it needs and this machine does not have."""
        return next((program for program in self.needs if shutil.which(program) is None), "")


def read_all(names: Iterable[str], folder: Path = PROJECTS) -> list[ProjectDescription]:
    """Those called ``names``, else all, sorted. Raises DescriptionInvalid."""
    wanted = list(names) or sorted(path.stem for path in folder.glob("*.toml"))
    unknown = [name for name in wanted if not (folder / f"{name}.toml").is_file()]
    if unknown:
        raise DescriptionInvalid(f"There is no project called {unknown[0]}. `python -m evals.repositories --list` shows them.")
    return [_read(folder / f"{name}.toml") for name in wanted]


def _read(path: Path) -> ProjectDescription:
    try:
        return described(path.stem, tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise DescriptionInvalid(f"{path.name} is not a description of a project: {error}") from error


def described(name: str, data: Mapping[str, Any]) -> ProjectDescription:
    """The description that the tables of ``data`` give. Raises DescriptionInvalid."""
    try:
        source, by_hand, bug = data.get("source", {}), data["by_hand"], data.get("bug")
        registry = next((registry for registry in ("sdist", "npm") if registry in source), "")
        return ProjectDescription(
            name,
            data["title"],
            data["runner"],
            by_hand.get("test", ""),
            by_hand["reading"],
            tuple(by_hand.get("setup", ())),
            tuple(by_hand.get("needs", ())),
            registry,
            source.get(registry, ""),
            source.get("version", ""),
            data.get("files", {}),
            PlantedBug(**bug) if bug else None,
        )
    except (KeyError, TypeError) as error:
        raise DescriptionInvalid(f"{name}.toml is not a description of a project: {error}") from error
