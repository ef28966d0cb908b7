"""The project itself in an environment: its metadata and programs, and what leads ``import`` to the working tree.

It is built for development (PEP 660) in the sandbox, without a network, from a copy of the tree at the place where commands see
the tree: what the build leaves beside the sources never enters the change. Version files and compiled modules among that are
kept, and shown at their places when commands run. Where it can't be built, a path file leads to the directory of its modules.
"""

from __future__ import annotations

import asyncio
import json
import posixpath
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from agent.documents import Unreadable, read_json
from agent.patterns import linear
from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import WORKDIR, Cell
from agent.sandbox.environment_cache import Hold
from agent.sandbox.host_mounts import Bind, interpreter_binds
from agent.sandbox.installed import Installed
from agent.sandbox.installed import binds as binds_of
from agent.sandbox.limits import Limits
from agent.sandbox.programs import SYSTEM_PATH
from agent.sandbox.python import version
from agent.sandbox.python.interpreter import Interpreter
from agent.sandbox.python.kept import digest, kept
from agent.sandbox.python.layout import layout
from agent.sandbox.python.metadata import required
from agent.sandbox.python.packages import ENV, FACTS, NO_SOLUTION, PROJECT, RECIPE, Execute, WantedPackages, fill
from agent.sandbox.python.path_file import lead, told
from agent.sandbox.python.products import copy_tree, keep_products
from agent.sandbox.requirements.declared import BuildSystem, ManifestDeclarations
from agent.sandbox.requirements.manifests import Manifests
from agent.sandbox.requirements.model import parsed
from agent.sandbox.toolchains import rust
from agent.sandbox.toolchains.cargo_skeleton import first_crate

SCRIPTS = Path(__file__).with_name("scripts")
SCRIPTS_DIR = "/tools/scripts"
BUILDERS = ("installer", "pyproject_hooks")
"""Packages of this server that the script imports."""
LEGACY = "setuptools.build_meta:__legacy__"
LACKING = 3
"""The script's exit code when the backend asks for more packages, which are its output."""
BUILD_TIMEOUT = 300.0
BUILD_LIMITS = Limits(memory=4 << 30)
RUST_BACKENDS = frozenset(("maturin", "setuptools-rust"))
MAX_ASKED = 50
MAX_ROUNDS = 3
"""Of a backend that asks for more each time."""
_RAISED = linear(r"(?:[\w.]+(?:Error|Exception|Exit)|error): ")


@dataclass(frozen=True)
class Built:
    """What is said about the projects of an environment, kept with them. ``products`` are files that the builds wrote, from the
    repository's root; ``requires`` are the requirement lines in the built metadata, those for tests among them."""

    notes: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    requires: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, place: Path) -> Built:
        return cls(**json.loads((place / FACTS).read_text(encoding="utf-8")))


class IndexFailed(Exception):
    """The packages that a build needs could not be asked for: another try may succeed."""

    def __init__(self, result: CommandResult) -> None:
        super().__init__(result.output_tail)
        self.result = result


class ProjectBuilder:
    """Builds projects of the repository at ``root`` with ``python``; what is needed for that is kept below ``cache``. ``tools``
    is the virtual environment of the server. ``own`` names are of the repository: a build does not get them from the index."""

    def __init__(
        self, root: Path, cache: Path, tools: Path, python: Interpreter, own: Collection[str], execute: Execute, timeout: float
    ) -> None:
        self._root = root
        self._files = Manifests(root)
        self._cache = cache
        self._tools = tools
        self._python = python
        self._own = own
        self._execute = execute
        self._timeout = timeout

    async def build(self, draft: Path, projects: Mapping[str, ManifestDeclarations]) -> bool:
        """Fills ``draft`` with site/, which builds write, paths/, which they can't, and products/. Raises ``IndexFailed``."""
        built = Built()
        site, products = draft / "site", draft / "products"
        await asyncio.to_thread((site / "bin").mkdir, parents=True)
        await asyncio.to_thread((draft / "paths").mkdir)
        with tempfile.TemporaryDirectory(prefix="mgx-build-", ignore_cleanup_errors=True) as place:
            copy = Path(place, "tree")
            is_needed = any(declared.built for declared in projects.values())
            is_whole = is_needed and await asyncio.to_thread(copy_tree, self._root, copy)
            for directory, declared in projects.items():
                await self._add(copy if is_whole else None, draft, directory, declared, built)
            if is_whole:
                built.products.extend(await asyncio.to_thread(keep_products, self._root, copy, products))
        built.requires.extend(await asyncio.to_thread(required, site))
        (draft / FACTS).write_text(json.dumps(asdict(built)), encoding="utf-8")
        return True

    async def _add(self, copy: Path | None, draft: Path, directory: str, declared: ManifestDeclarations, built: Built) -> None:
        names = layout(self._files, directory, declared.name)
        said, source = version.plausible(self._files, directory, declared, names)
        problem = ""
        if declared.built:
            problem = "the repository is too large for a copy of it"
            if copy is not None:
                problem = await self._build(copy, draft / "site", directory, declared, said)
            if problem:
                built.notes.append(told(directory, declared, names, problem))
            elif version.comes_from_tags(declared):
                built.notes.append(version.told(declared, said, source))
        if problem or not declared.built:
            await asyncio.to_thread(lead, draft / "paths", declared, names, said)

    async def _build(self, copy: Path, site: Path, directory: str, declared: ManifestDeclarations, said: str) -> str:
        """Why it could not be built, as half a sentence; "" where it is."""
        build = declared.build or BuildSystem()
        lines = list(build.requires)
        source = posixpath.join(WORKDIR, directory) if directory else WORKDIR
        argv: tuple[str, ...] = ("python", f"{SCRIPTS_DIR}/build_editable.py", source, build.backend or LEGACY, PROJECT)
        # as they are from the project's own directory
        argv += tuple(posixpath.relpath(path or ".", directory or ".") for path in build.paths)
        rust = await self._rust(directory, build)
        for _ in range(MAX_ROUNDS):
            environment = await self._environment(lines)
            if isinstance(environment, str):
                return environment
            result = await self._execute(self._cell(copy, site, environment[0], source, said, rust), argv, BUILD_TIMEOUT)
            environment[1].release()
            asked = _asked(result.output_tail) if result.exit_code == LACKING else []
            if not asked or set(asked) <= set(lines):
                break
            lines += asked
        if result.ok:
            return ""
        return f"its build failed: {_last_line(result)}"

    async def _environment(self, lines: Sequence[str]) -> tuple[Path, Hold] | str:
        """With what a build asks for, that is plain names with versions, and a hold on it; or why there is none."""
        refused = [line for line in lines if isinstance(parsed(line), str) or Requirement(line).url is not None]
        if refused:
            return f"its build asks for {refused[0][:100]!r}, which is not a plain name and version"
        wanted = WantedPackages([line for line in lines if canonicalize_name(Requirement(line).name) not in self._own])
        problem = ""

        async def make(draft: Path) -> bool:
            nonlocal problem
            result, filled = await fill(draft, self._cache, self._python, wanted, self._execute, self._timeout)
            if not result.ok and result.exit_code != NO_SOLUTION:
                raise IndexFailed(result)
            if not result.ok or filled.missing:
                problem = (
                    f"what its build needs is not installed: {filled.missing[0] if filled.missing else _last_line(result)}"
                )
            return not problem

        target = self._cache / "builds" / digest(RECIPE, self._python.key, wanted.key)
        hold, _ = await kept(target, FACTS, make)
        return problem or (target, hold)

    async def _rust(self, directory: str, build: BuildSystem) -> Installed | None:
        """The compiler and the crates for a build that needs them."""
        asked = {canonicalize_name(Requirement(line).name) for line in build.requires if not isinstance(parsed(line), str)}
        if not asked & RUST_BACKENDS:
            return None
        place = await asyncio.to_thread(first_crate, self._root, directory)
        if place is None:
            return None
        part = ProjectPart(directory=place, ecosystem="rust")
        return await rust.make(self._root, part, self._cache, self._execute, self._timeout, None)

    def _cell(
        self, copy: Path, site: Path, environment: Path, source: str, said: str, compiler: Installed | None = None
    ) -> Cell:
        """Sees the copy of the tree where commands see the tree itself; no network."""
        more = compiler or Installed(CommandResult((), 0, 0, ""))
        env = {
            **{name: value for name, value in more.env.items() if name != "CARGO_TARGET_DIR"},  # beside the copied sources
            **version.variables(said),
            "PATH": ":".join((f"{ENV}/bin", *more.path, *SYSTEM_PATH)),
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "VIRTUAL_ENV": ENV,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        binds = [
            *interpreter_binds(self._python.prefix),
            *(bind for bind in binds_of(more.mounts) if not bind.writable),
            Bind(str(environment), ENV),
            Bind(str(SCRIPTS), SCRIPTS_DIR),
            *(Bind(str(place), f"/tools/python/{name}") for name in BUILDERS for place in _packages(self._tools, name)),
            Bind(str(copy), WORKDIR, writable=True),
            Bind(str(site), PROJECT, writable=True),
        ]
        return Cell(binds=binds, env=env, chdir=source, limits=BUILD_LIMITS)


def _packages(tools: Path, name: str) -> list[Path]:
    return list(tools.glob(f"lib/python3*/site-packages/{name}"))[:1]


def _asked(output: str) -> list[str]:
    try:
        found = read_json(next(iter(output.strip().splitlines()[-1:]), ""))
    except Unreadable:
        return []
    return [line for line in found if isinstance(line, str)][:MAX_ASKED] if isinstance(found, list) else []


def _last_line(result: CommandResult) -> str:
    """What a program said last: an exception's own line, where there is one."""
    lines = [line.strip() for line in result.output_tail.splitlines() if line.strip()]
    raised = [line for line in lines if _RAISED.match(line) is not None]
    return (raised or lines or [f"it ended with {result.exit_code}"])[-1][:300]
