"""Fills an environment with packages of the index: wheels only, by uv, in a sandbox that sees none of the repository."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from uv import find_uv_bin

from agent.patterns import linear
from agent.ports import CommandResult
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import Bind, interpreter_binds, network_binds
from agent.sandbox.install_env import install_env, local_binds
from agent.sandbox.limits import Limits
from agent.sandbox.python.interpreter import Interpreter
from agent.stacks.manifests import requirement_names

ENV = "/env"
PROJECT = "/project"
"""Where the project itself lies in the sandbox: its metadata, its programs, and what leads to the working tree."""
UV = "/opt/uv"
UV_CACHE = "/uv-cache"
LIMITS = Limits(memory=4 << 30, file_size=4 << 30)
ARGV = ("uv", "pip", "install", "--only-binary", ":all:", "-r", "requirements.txt")
UNPINNED = "The versions of the lock file can't be installed here; these are the newest that the project allows."
MAX_ATTEMPTS = 60
"""Resolutions until it is known which lines can't be installed."""
NO_SOLUTION = 1
"""uv's exit code where no versions fit; it is 2 where it could not ask."""
FACTS = "mgx.json"
RECIPE = "2"
"""Another one where environments are made in another way than before: those that are kept are made again."""
PATHS = "/project-paths"
"""Where path files lie that the server wrote, apart from what a build wrote."""
LEADS = "".join(f"import os, site; os.path.isdir({place!r}) and site.addsitedir({place!r})\n" for place in (PROJECT, PATHS))

Execute = Callable[[Cell, Sequence[str], float], Awaitable[CommandResult]]

_CAUSE = linear(r"(?m)^\s*cause: (.*)$")


@dataclass(frozen=True)
class WantedPackages:
    """``own`` names are left out wherever they are asked for, by other packages too: they are the repository's."""

    lines: Sequence[str]
    constraints: Sequence[str] = ()
    pins: Sequence[str] = ()
    own: Iterable[str] = ()

    @property
    def key(self) -> str:
        return "\0".join("\n".join(part) for part in (self.lines, self.constraints, self.pins, sorted(self.own)))


@dataclass(frozen=True)
class Filled:
    """What is said about an environment, kept in it. ``missing`` are lines that could not be installed, with the reason."""

    missing: Sequence[str] = ()
    unpinned: bool = False

    def notes(self) -> list[str]:
        said = [f"Not installed: {line}" for line in self.missing]
        return [*said, UNPINNED] if self.unpinned else said

    @classmethod
    def of(cls, place: Path) -> Filled:
        return cls(**json.loads((place / FACTS).read_text(encoding="utf-8")))


async def fill(
    draft: Path, cache: Path, python: Interpreter, wanted: WantedPackages, execute: Execute, timeout: float
) -> tuple[CommandResult, Filled]:
    """Makes the environment in ``draft``. The result fails where nothing that is wanted could be installed."""
    with tempfile.TemporaryDirectory(prefix="mgx-install-") as listed:
        installation = _Installation(Path(listed), _cell(draft, cache, listed, python), wanted, execute, timeout)
        made = await execute(
            installation.cell, ("uv", "venv", "--quiet", "--allow-existing", "--python", python.path, ENV), timeout
        )
        if not made.ok:
            return made, Filled()
        result, filled = await installation.run()
        if result.ok:
            _finish(draft, filled)
            # read-only later, so it can't keep bytecode then; -I and no network, as a package's .pth file must not run here
            compile_ = (python.path, "-I", "-m", "compileall", "-q", "-j", "0", f"{ENV}/lib")
            await execute(replace(installation.cell, network=False), compile_, timeout)
        return result, filled


def _finish(draft: Path, filled: Filled) -> None:
    for packages in draft.glob("lib/python3*/site-packages"):
        (packages / "_mgx_project.pth").write_text(LEADS, encoding="utf-8")
    (draft / FACTS).write_text(json.dumps(asdict(filled)), encoding="utf-8")


class _Installation:
    def __init__(self, listed: Path, cell: Cell, wanted: WantedPackages, execute: Execute, timeout: float) -> None:
        self.cell = cell
        self._listed = listed
        self._wanted = wanted
        self._execute = execute
        self._timeout = timeout
        self._attempts = MAX_ATTEMPTS
        self._write("constraints.txt", wanted.constraints)
        self._write("pins.txt", wanted.pins)
        # a marker that never holds: nobody gets the package from the index, whoever asks for it
        self._write("own.txt", [f"{name} ; python_version < '0'" for name in sorted(wanted.own)])

    async def run(self) -> tuple[CommandResult, Filled]:
        wanted = self._wanted
        lines = list(dict.fromkeys(wanted.lines))
        result = await self._install(lines, pinned=bool(wanted.pins))
        if result.ok or result.timed_out:
            return result, Filled()
        if wanted.pins:
            # what was locked for another Python or platform may have no wheel here
            again = await self._install(lines, pinned=False)
            if again.ok:
                return again, Filled(unpinned=True)
        if result.exit_code != NO_SOLUTION:
            return result, Filled()
        missing: dict[str, str] = {}
        kept = await self._installable([], lines, missing)
        if not kept or self._attempts <= 0:
            return result, Filled()
        last = await self._install(kept, pinned=bool(wanted.pins))
        unpinned = bool(wanted.pins) and not last.ok
        if unpinned:
            last = await self._install(kept, pinned=False)
        return last, Filled([f"{line} ({reason})" for line, reason in missing.items()], unpinned)

    async def _installable(self, kept: list[str], lines: list[str], missing: dict[str, str]) -> list[str]:
        """``kept`` and those of ``lines`` that fit together with it, halved until the ones that do not are alone."""
        if self._attempts <= 0 or not lines:
            return kept
        self._attempts -= 1
        tried = await self._install([*kept, *lines], "--dry-run")
        if tried.ok:
            return [*kept, *lines]
        if len(lines) == 1:
            missing[lines[0]] = _reason(tried.output_tail)
            return kept
        half = len(lines) // 2
        kept = await self._installable(kept, lines[:half], missing)
        return await self._installable(kept, lines[half:], missing)

    async def _install(self, lines: Sequence[str], *options: str, pinned: bool = False) -> CommandResult:
        self._write("requirements.txt", lines)
        constrained = ("-c", "constraints.txt") if self._wanted.constraints else ()
        own = ("--override", "own.txt") if requirement_names(self._wanted.own) else ()
        pins = ("-c", "pins.txt") if pinned else ()
        return await self._execute(self.cell, (*ARGV, *constrained, *own, *pins, *options), self._timeout)

    def _write(self, name: str, lines: Iterable[str]) -> None:
        (self._listed / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _reason(output: str) -> str:
    """uv's own words, in short."""
    hit = _CAUSE.search(output)
    said = hit[1] if hit else next(iter(output.strip().splitlines()), "no reason is given")
    return said.removeprefix("Because ").partition(" and you require")[0].partition(", we can conclude")[0][:200]


def _cell(draft: Path, cache: Path, listed: str, python: Interpreter) -> Cell:
    """Sees the interpreter, uv with its cache, the list of packages and the environment to fill; has a network."""
    uv_cache = os.path.abspath(os.environ.get("UV_CACHE_DIR") or cache / "uv")
    os.makedirs(uv_cache, exist_ok=True)
    passed = install_env(os.environ)
    env = {
        **passed,
        "PATH": f"{UV}:/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "UV_CACHE_DIR": UV_CACHE,
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "VIRTUAL_ENV": ENV,
    }
    binds = [
        *interpreter_binds(python.prefix),
        *network_binds(),
        *local_binds(passed),
        Bind(find_uv_bin(), f"{UV}/uv"),
        Bind(listed, "/requirements"),
        Bind(uv_cache, UV_CACHE, writable=True),
        Bind(str(draft), ENV, writable=True),
    ]
    return Cell(binds=binds, env=env, chdir="/requirements", network=True, limits=LIMITS)
