"""The Python environment of one part of a repository: what its tests need from the index, and the project from the tree.

Packages are fetched by a step that sees none of the repository's code and runs none of it; the project is built by one that has
no network. Both are kept for the next run and shown read-only to commands. What can't be had is said, and the rest is there.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import WORKDIR
from agent.sandbox.environment_cache import Hold
from agent.sandbox.host_mounts import Bind, interpreter_binds
from agent.sandbox.installed import notes_of
from agent.sandbox.python import interpreter
from agent.sandbox.python.imports import ImportCheck, check
from agent.sandbox.python.inputs import inputs
from agent.sandbox.python.interpreter import Interpreter
from agent.sandbox.python.kept import digest, kept
from agent.sandbox.python.layout import ImportNames, layout
from agent.sandbox.python.packages import ARGV, ENV, FACTS, PATHS, PROJECT, RECIPE, UV, Execute, Filled, WantedPackages, fill
from agent.sandbox.python.project import Built, IndexFailed, ProjectBuilder
from agent.sandbox.requirements import Requirements, collect
from agent.sandbox.requirements.manifests import Manifests, joined
from agent.stacks.manifests import requirement_names

__all__ = ["ENV", "PROJECT", "UV", "Execute", "PythonEnvironment", "make"]


@dataclass(frozen=True)
class PythonEnvironment:
    """``packages`` and ``project`` are directories of the cache, which stay while the ``holds`` live. ``products`` are files
    that the build of the project wrote, from the repository's root. ``roots`` are directories of modules, from the root."""

    packages: Path
    project: Path | None
    python: Interpreter
    products: Sequence[str] = ()
    roots: Sequence[str] = ()
    holds: Sequence[Hold] = ()

    def binds(self) -> list[Bind]:
        found = [*interpreter_binds(self.python.prefix), Bind(str(self.packages), ENV)]
        places = {"site": PROJECT, "paths": PATHS} if self.project else {}
        return [*found, *(Bind(f"{self.project}/{name}", place) for name, place in places.items())]

    def path(self) -> list[str]:
        """Of programs."""
        return [f"{PROJECT}/bin", f"{ENV}/bin"] if self.project else [f"{ENV}/bin"]

    def variables(self) -> dict[str, str]:
        found = {"VIRTUAL_ENV": ENV}
        if self.project is None and self.roots:  # without isolation
            found["PYTHONPATH"] = f"{WORKDIR}/{self.roots[0]}".rstrip("/")
        return found

    def product_binds(self) -> dict[str, Bind]:
        """By the path in the repository."""
        if self.project is None:
            return {}
        return {path: Bind(str(self.project / "products" / path), f"{WORKDIR}/{path}") for path in self.products}


async def make(
    root: Path,
    part: ProjectPart,
    cache: Path,
    tools: Path,
    execute: Execute,
    timeout: float,
    *,
    extra: Iterable[str] = (),
    isolated: bool = True,
) -> tuple[CommandResult, PythonEnvironment | None]:
    """The environment of ``part`` of the repository at ``root``, made or found below ``cache``; None where the result fails.

    ``tools`` is the virtual environment of the server; ``extra`` packages are added where nobody asks for them. Any number of
    processes may make the same one. Without isolation the project is not built: its modules are on the path.
    """
    files = Manifests(root)
    lines = [command.line for command in part.commands.values()]
    wanted = await asyncio.to_thread(collect, root, extra, directory=part.directory, commands=lines)
    own = next(iter(wanted.projects.values()))
    preferred = files.text(joined(part.directory, ".python-version") or "") or ""
    python, note = await interpreter.choose(part.runtime or own.python, preferred)
    notes = [note] if note else []
    holds, project, built = [], None, Built()
    if isolated:
        builder = ProjectBuilder(root, cache, tools, python, wanted.own, execute, timeout)
        read = await asyncio.to_thread(inputs, root, wanted.projects)
        key = digest(RECIPE, python.key, read, repr(wanted.projects), "\n".join(sorted(wanted.own)))
        project = cache / "projects" / key
        try:
            hold, _ = await kept(project, FACTS, lambda draft: builder.build(draft, wanted.projects))
        except IndexFailed as error:
            return replace(error.result, argv=ARGV), None
        holds.append(hold)
        built = Built.of(project)
    result, packages, hold, filled = await _packages(cache, python, wanted, built, execute, timeout)
    holds.append(hold)
    named = {directory: declared.name for directory, declared in wanted.projects.items()}
    names = [await asyncio.to_thread(layout, files, directory, name) for directory, name in named.items()]
    environment = PythonEnvironment(packages, project, python, built.products, names[0].roots, holds)
    found = ImportCheck()
    if result.ok and project is not None:
        found = await _checked(root, environment, names, execute)
    notes += [*built.notes, *filled.notes(), *found.notes()]
    said = [*(f"refused: {line}" for line in wanted.refused), *notes]
    result = replace(
        result, argv=ARGV, output_tail="".join(f"{line}\n" for line in said) + result.output_tail,
        notes=notes_of(said), imported_elsewhere=tuple(found.elsewhere),
    )  # fmt: skip
    return result, environment if result.ok else None


async def _packages(
    cache: Path, python: Interpreter, wanted: Requirements, built: Built, execute: Execute, timeout: float
) -> tuple[CommandResult, Path, Hold, Filled]:
    known = wanted.names | wanted.own
    # what only a build knows; the rest was read already
    more = [line for line in built.requires if not known & set(requirement_names([line]))]
    asked = WantedPackages([*dict.fromkeys(wanted.lines), *more], wanted.constraints, wanted.pins, sorted(wanted.own))
    target = cache / "envs" / digest(RECIPE, python.key, asked.key)
    result = CommandResult(ARGV, 0, 0, "The environment is cached.\n")

    async def fill_it(draft: Path) -> bool:
        nonlocal result
        result, _ = await fill(draft, cache, python, asked, execute, timeout)
        return result.ok

    hold, _ = await kept(target, FACTS, fill_it)
    return result, target, hold, Filled.of(target) if result.ok else Filled()


async def _checked(root: Path, environment: PythonEnvironment, names: Sequence[ImportNames], execute: Execute) -> ImportCheck:
    """Kept beside the project, once for each set of packages."""
    assert environment.project is not None
    place = environment.project / f"imports-{environment.packages.name[:16]}.json"
    if place.is_file():
        return ImportCheck(**json.loads(place.read_text(encoding="utf-8")))
    found = await check(root, environment.binds(), names, execute)
    draft = place.with_suffix(f".{uuid.uuid4().hex[:8]}")
    draft.write_text(json.dumps(asdict(found)), encoding="utf-8")
    draft.rename(place)  # whole or not at all: others may read it now
    return found
