"""The sandbox of one workdir: the ``Sandbox`` port over bubblewrap, or over nothing where a person chose that."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import structlog

from agent.errors import SandboxFailed
from agent.excerpts import end_of
from agent.ports import CommandResult
from agent.projects import ProjectCommand, ProjectPart
from agent.sandbox import (
    bubblewrap,
    given_install,
    given_line,
    installed,
    node_env,
    part_env,
    python_env,
    report_files,
    secrets,
)
from agent.sandbox.bubblewrap import WORKDIR, BubblewrapProgram, Cell
from agent.sandbox.host_mounts import Bind, interpreter_binds
from agent.sandbox.installed import Installed, Mount
from agent.sandbox.limits import Limits
from agent.sandbox.placeholders import empty_file
from agent.sandbox.process import Ended, run_process
from agent.sandbox.programs import SYSTEM_PATH, TOOLS_DIR, compile_once, tool_argv, tool_binds
from agent.sandbox.python_env import PythonEnvironment

log = structlog.stdlib.get_logger(__name__)

LINE_OUTPUT = {"output": 192 * 1024, "head": 64 * 1024}
"""Limits of what a model's command prints: it looks into the middle by further calls."""
NOT_RUN = "Nothing was run: {reason}, so they can't be kept from the command. Use the tools that read.\n"
FORGED = "the .git that the command made; its settings and hooks would run outside of the sandbox"


@dataclass
class PartEnvironment:
    """What was installed for the parts in one directory; ``others`` by their ecosystem, and under ``given:`` and the directory
    what a person's install command made."""

    python: PythonEnvironment | None = None
    others: dict[str, Installed] = field(default_factory=dict)

    def close(self) -> None:
        """What was installed may be removed from now on, and what was built is."""
        for hold in chain(self.python.holds if self.python else (), *(other.holds for other in self.others.values())):
            hold.release()

    def told(self) -> str:
        """What is kept of it between sandboxes, by which two environments can be compared."""
        python = [str(self.python.packages), str(self.python.project)] if self.python else []
        mounts = [mount for other in self.others.values() for mount in other.mounts if not mount.writable]
        return "\n".join([*python, *(f"{mount.target} {mount.source}" for mount in mounts)])


@dataclass
class WorkdirSandbox:
    """Commands in ``root``, which they see at ``/workdir`` and may change; ``cache`` keeps what was installed.

    ``tools`` is the virtual environment whose formatters are offered. ``bwrap`` None runs without any isolation.
    """

    root: Path
    cache: Path
    tools: Path
    bwrap: BubblewrapProgram | None
    limits: Limits
    environments: dict[str, PartEnvironment] = field(default_factory=dict)
    """By the directory of their part."""

    def close(self) -> None:
        """Closes its descriptors, which would else stay open until it is collected as garbage. Nothing is run afterwards."""
        while self.environments:
            self.environments.popitem()[1].close()
        if self.bwrap is not None and self.bwrap.user is not None:
            self.bwrap.user.close()

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        """Installs what the manifests of ``part`` name, then runs the install command that a person gave for it, without a
        network; None where there is neither."""
        result = await self._install(part, timeout)
        command = given_line.given_install(part)
        if command is None or (result is not None and not result.ok):
            return result
        own = result or CommandResult(part.install, 0, 0, "")
        given = await self._given(part, command, timeout)
        notes, output = (*own.notes, *given.notes), own.output_tail + given.output_tail
        return replace(own, output_tail=output, duration_ms=own.duration_ms + given.duration_ms, notes=notes)

    async def _given(self, part: ProjectPart, command: ProjectCommand, timeout: float) -> CommandResult:
        mine = self.environments.setdefault(part.directory, PartEnvironment())
        mine.others.pop(key := f"given:{part.directory}", None)
        made = self._environment_of(part.directory)
        line = given_line.left_to_run(command, {*made.others, *(["python"] if made.python else [])})
        if not line:
            said = f"The install command `{command.line}` fetches what is installed already.\n"
            return CommandResult(command.argv, 0, 0, said)

        async def run(copy: Path, argv: Sequence[str]) -> CommandResult:
            return await replace(self, root=copy).run(argv, timeout=timeout, directory=part.directory)

        given = await given_install.install(self.root, self.cache, line, part.directory, made.told(), run)
        mine.others[key] = given
        return given.result

    async def _install(self, part: ProjectPart, timeout: float) -> CommandResult | None:
        made = self.environments.setdefault(part.directory, PartEnvironment())
        if part.ecosystem == "python":
            extra = ("pytest",) if part.runner == "pytest" else ()
            result, found = await python_env.make(
                self.root, part, self.cache, self.tools, self._execute, timeout, extra=extra, isolated=self.bwrap is not None
            )
            if found is not None:
                made.python = found
                await asyncio.to_thread(compile_once, self.tools)
            return result
        before = made.others.get(part.ecosystem)
        other = await part_env.make(self.root, part, self.cache, self._execute, timeout, before)
        if other is None:
            return None
        made.others[part.ecosystem] = other
        return other.result

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 300,
        directory: str = "",
        environment: Mapping[str, str] | None = None,
        reports: Sequence[str] = (),
        hide_secrets: bool = False,
    ) -> CommandResult:
        """Runs ``argv`` in ``directory`` of the workdir without a network. Raises ``SandboxFailed`` when it could not be run at
        all. With ``hide_secrets`` the files that may hold secrets are empty for it, git's directory too, which has their past;
        what is installed for any part is at hand, and head and tail of a long output are kept."""
        git = self.root / ".git"
        had_git = _exists(git)
        hidden = await asyncio.to_thread(secrets.secrets_in, self.root)
        if hide_secrets and hidden.beyond:
            return CommandResult(tuple(argv), 126, 0, NOT_RUN.format(reason=hidden.beyond))
        made = self._environment_of(directory, of_any_part=hide_secrets)
        others = list(made.others.values())
        mounts = [mount for other in others for mount in other.mounts]
        unasked = [name for other in others for name in other.products]
        try:
            with (
                report_files.directory(self.cache, wanted=bool(reports)) as written,
                installed.places(self.root, mounts, isolated=self.bwrap is not None, products=unasked) as laid,
                self._places_for_products(made) as products,
            ):
                cell = self._cell(made, laid, products)
                cell = self._hiding(cell, hidden.paths) if hide_secrets else cell
                cell = replace(cell, env={**cell.env, **(environment or {})}, chdir=f"{WORKDIR}/{directory}".rstrip("/"))
                if written is not None:
                    cell = replace(cell, binds=[*cell.binds, Bind(str(written), report_files.REPORTS, writable=True)])
                result = await self._execute(cell, argv, timeout)
                found = await asyncio.to_thread(report_files.collect, self.root, directory, written, reports)
        finally:
            forged = not had_git and _remove(git)
        said = await asyncio.to_thread(secrets.without, hidden, result.output_tail)
        if hidden.values or hidden.beyond:
            found = {path: await asyncio.to_thread(secrets.without, hidden, text) for path, text in found.items()}
        return replace(result, output_tail=f"{said}\nremoved: {FORGED}\n" if forged else said, reports=found)

    def _environment_of(self, directory: str, *, of_any_part: bool = False) -> PartEnvironment:
        """What was made for ``directory`` or for the nearest one above it, of each kind; with ``of_any_part``, then for any."""
        places = [directory]
        while places[-1]:
            places.append(places[-1].rpartition("/")[0])
        found = PartEnvironment()
        for place in (*places, *(sorted(self.environments) if of_any_part else ())):
            made = self.environments.get(place, PartEnvironment())
            found = PartEnvironment(found.python or made.python, {**made.others, **found.others})
        return found

    def _hiding(self, cell: Cell, paths: Sequence[str]) -> Cell:
        """``cell`` with an empty file over each of ``paths``, and an empty directory over git's."""
        empty = self.cache / "empty"
        empty.touch(mode=0o444)
        git = f"{WORKDIR}/.git"
        binds = [bind for bind in cell.binds if bind.target != git or not Path(bind.source).is_dir()]
        hidden = [*cell.hidden, *([git] if len(binds) < len(cell.binds) else [])]
        binds += [Bind(str(empty), f"{WORKDIR}/{path}") for path in paths]
        return replace(cell, binds=binds, hidden=hidden, limits=replace(cell.limits, **LINE_OUTPUT))

    @contextmanager
    def _places_for_products(self, made: PartEnvironment) -> Iterator[list[Bind]]:
        """What the build of a Python project wrote, and files that a package manager wants, each to be laid over an empty file,
        which goes afterwards: a mount needs a file to lie on. What the tree has itself comes first."""
        found = dict(made.python.product_binds()) if made.python else {}
        for other in made.others.values():
            found |= {path: Bind(str(source), f"{WORKDIR}/{path}") for path, source in other.files.items()}
        with ExitStack() as stack:
            yield [bind for path, bind in found.items() if stack.enter_context(empty_file(self.root, path))]

    def _cell(self, made: PartEnvironment | None = None, laid: Sequence[Mount] = (), products: Sequence[Bind] = ()) -> Cell:
        made = made or PartEnvironment()
        binds = [
            *interpreter_binds(),
            *node_env.node_binds(),
            *tool_binds(self.tools),
            Bind(str(self.root.resolve()), WORKDIR, writable=True),
        ]
        path = [TOOLS_DIR, *node_env.node_path(), *SYSTEM_PATH]
        extra = [*tool_argv(self.tools)]
        env = {
            "HOME": "/tmp",
            "TMPDIR": "/tmp",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
            "CI": "1",
            "NO_COLOR": "1",
            "npm_config_update_notifier": "false",
            "NEXT_TELEMETRY_DISABLED": "1",
        }
        if made.python is not None:
            binds += [bind for bind in made.python.binds() if bind not in binds]
            path[:0] = made.python.path()
            env |= made.python.variables()
        binds += products
        binds += installed.binds(laid)
        extra += installed.argv(laid, self.limits)
        for other in made.others.values():
            path += other.search_path
            env |= other.env
        git = self.root / ".git"
        if git.exists() and not git.is_symlink():
            # a hook or a setting written there would run outside, at the next git command of the host
            binds.append(Bind(str(git), f"{WORKDIR}/.git"))
        hidden = [
            f"{WORKDIR}/{name}" for name in (".mgx",) if (self.root / name).is_dir() and not (self.root / name).is_symlink()
        ]
        env["PATH"] = ":".join(path)
        return Cell(binds, env, extra, WORKDIR, hidden=hidden, limits=self.limits)

    async def _execute(self, cell: Cell, argv: Sequence[str], timeout: float) -> CommandResult:
        if not argv:
            raise SandboxFailed("There is no command to run: its argv is empty.")
        if any("\0" in part for part in argv):
            raise SandboxFailed("A command can't hold a NUL character.")
        if self.bwrap is None:
            return await self._execute_plain(cell, argv, timeout)
        command = bubblewrap.wrap(self.bwrap, cell, argv, timeout)
        try:
            ended = await run_process(
                command.argv,
                timeout=timeout,
                limits=cell.limits,
                fds=command.fds,
                status_fd=command.status_fd,
                stdin=command.stdin,
                env=command.env,
                watched=str(self.root),
                gate=command.gate,
                user=command.user.id if command.user else None,
            )
        except OSError as error:
            raise SandboxFailed(
                f"The sandbox could not be started: {error}.", hint="Check the machine's memory and limits."
            ) from error
        finally:
            command.close()
        if not _started(ended):
            raise SandboxFailed(
                f"The sandbox could not be set up: {end_of(ended.tail, 500) or 'it ended without output'}.",
                hint="Run `mgx doctor`: it says what this machine lacks.",
            )
        return _result(argv, ended)

    async def _execute_plain(self, cell: Cell, argv: Sequence[str], timeout: float) -> CommandResult:
        """Without isolation the paths are the host's own, so those of the cell are translated."""
        log.warning("a command runs without isolation", program=argv[0])
        places = {bind.target: bind.source for bind in cell.binds if bind.target != bind.source}
        path = [str(self.tools / "bin"), *os.environ.get("PATH", "/usr/bin:/bin").split(":")]
        env = {name: _translated(value, places) for name, value in cell.env.items()}
        uv = places.get(f"{python_env.UV}/uv")
        if uv is not None:
            path.insert(0, str(Path(uv).parent))
        path[:0] = [
            _translated(part, places) for part in cell.env.get("PATH", "").split(":") if _translated(part, places) != part
        ]
        env["PATH"] = ":".join(path)
        moved = [_translated(part, places) for part in argv]
        try:
            ended = await run_process(
                [*cell.limits.argv(timeout), *moved],
                timeout=timeout, limits=cell.limits, cwd=_translated(cell.chdir, places), env=env,
            )  # fmt: skip
        except OSError as error:
            raise SandboxFailed(f"The command could not be started: {error}.") from error
        return _result(argv, ended)


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _remove(path: Path) -> bool:
    """Removes whatever is at ``path``; True when there was something."""
    if not _exists(path):
        return False
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    return True


def default_tools() -> Path:
    return Path(sys.prefix)


def _translated(value: str, places: dict[str, str]) -> str:
    for target, source in places.items():
        if value == target or value.startswith(target + "/"):
            return source + value[len(target) :]
    return value


def _started(ended: Ended) -> bool:
    """bwrap reports the child's pid once it has one (bwrap(1), --json-status-fd); what fails after that is its only line."""
    if ended.timed_out or ended.stopped:
        return True
    made = any("child-pid" in json.loads(line) for line in ended.status.decode().splitlines() if line.strip())
    alone = ended.tail.startswith("bwrap: ") and ended.tail.count("\n") == 1
    return made and not (ended.exit_code == 1 and alone)


def _result(argv: Sequence[str], ended: Ended) -> CommandResult:
    absent = ended.exit_code == 127 and f"prlimit: failed to execute {argv[0]}" in ended.tail
    tail = ended.tail
    if absent:
        tail = f"{argv[0]} is not available here.\n"
    elif ended.timed_out:
        tail += "\nstopped: out of time\n"
    elif ended.stopped:
        tail += f"\n{ended.stopped}\n"
    code = 137 if ended.stopped else 128 - ended.exit_code if ended.exit_code < 0 else ended.exit_code
    return CommandResult(tuple(argv), code, ended.duration_ms, tail, timed_out=ended.timed_out, available=not absent)
