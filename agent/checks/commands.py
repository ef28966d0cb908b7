"""The run's commands: each is a journal step between a ``command_started`` and a ``command_finished`` event."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.changes import by_command
from agent.checks.reports.model import Reporting
from agent.checks.test_configuration import NOTHING, SetAside
from agent.errors import Paused, SandboxFailed
from agent.excerpts import end_of
from agent.ports import CommandResult, JSONObject, Ports, StepEvent
from agent.projects import ProjectPart

PROBE_TIMEOUT = 30.0
SHELL = ("sh", "-c", 'command -v bash >/dev/null 2>&1 && exec bash -c "$0"; exec sh -c "$0"')
"""Models write for bash; where the machine has none, most of what they write works in ``sh`` as well."""
MAX_TAIL = 16_000
"""Characters of a line's output in its event; the whole of it is in the result of the step."""
UNREACHABLE = re.compile(
    r"dns error|tcp connect error|Connection refused|Network is unreachable|error sending request"
    r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT"
    r"|Unknown host|connect timed out|Name or service not known",
    re.IGNORECASE,
)
"""Messages of uv, pip, npm and Maven when an index does not answer: the change is not at fault, so the run waits."""


@dataclass
class OfPhase:
    """What all commands of a phase share: ``missing`` parts, whose dependencies a replay left out on this machine, and the
    ``seconds`` that all took together, as the journal has them."""

    missing: list[ProjectPart] = field(default_factory=list)
    seconds: float = 0.0


class Commands:
    """Those of one phase. Is itself a ``Sandbox``, so that tools run through it are journaled; ``step`` gives those of one
    journal step."""

    def __init__(
        self, ports: Ports, key: str, step: str = "", shared: OfPhase | None = None, aside: SetAside = NOTHING
    ) -> None:
        self._ports = ports
        self._key = key
        self._step = step
        self._count = 0
        self._shared = shared or OfPhase()
        self._missing = self._shared.missing
        self._aside = aside

    @property
    def spent(self) -> float:
        """Seconds that the phase's commands took so far."""
        return self._shared.seconds

    def step(self, name: str, aside: SetAside = NOTHING) -> Commands:
        """Commands under a journal prefix of their own, unique within the phase. They run while ``aside`` is set aside."""
        return Commands(self._ports, self._key, name, self._shared, aside)

    async def probe(self) -> None:
        """Finds out whether the sandbox works before a model call is spent. Raises ``Paused('sandbox')``."""

        async def act() -> JSONObject:
            return (await self._ports.sandbox.run(("true",), timeout=PROBE_TIMEOUT)).to_json()

        await self._journaled(f"{self._key}/probe", {"argv": ["true"]}, act, announced=False)

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        """Makes the environment of ``part`` as the workdir asks for it now. None: the part has no install command."""
        argv = part.install
        if not argv:
            return None
        await self._started(argv)

        async def act() -> JSONObject:
            result = await self._ports.sandbox.install(part, timeout=timeout)
            if result is not None and not result.ok and UNREACHABLE.search(result.output_tail):
                raise SandboxFailed(
                    f"The package index can't be reached: {end_of(result.output_tail, 300)}",
                    hint="Check the network and the index (UV_INDEX_URL, PIP_INDEX_URL, npm's registry, Maven's settings), "
                    "then resume the run.",
                )
            self._forget(part)
            found = result or CommandResult(argv, 0, 0, "There is nothing to install.")
            # people see one command start and the same one end, whatever options the sandbox adds to it
            return replace(found, argv=argv).to_json()

        # a replayed install leaves this machine without the dependencies: the next command that really runs fetches them
        self._forget(part)
        self._missing.append(part)
        return await self._journaled(f"{self._key}/{self._step}", {"argv": list(argv)}, act)

    def _forget(self, part: ProjectPart) -> None:
        self._missing[:] = [other for other in self._missing if other.key != part.key]

    async def restore(self) -> None:
        """Brings back what a replayed install left out on this machine; to be called inside of a step that really runs."""
        while self._missing:
            await self._ports.sandbox.install(self._missing.pop(0))

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
        """As the port says; a result with ``reports`` is never recorded, so they are read by `run_and_read`."""
        found = await self._run(argv, None, timeout, directory, environment, reports, hide_secrets)
        return CommandResult.from_json(found)

    async def run_and_read(
        self,
        argv: Sequence[str],
        read: Callable[[CommandResult], JSONObject],
        *,
        timeout: float = 300,
        directory: str = "",
        environment: Mapping[str, str] | None = None,
        reports: Sequence[str] = (),
        measured: Reporting | None = None,
    ) -> tuple[CommandResult, JSONObject]:
        """Runs ``argv`` and reads its reports at once: what ``read`` makes of the result is recorded with it, the reports are
        not, for they may have megabytes. ``measured`` is what is run in its place, the same with something that watches it;
        people see, and the journal knows, what it is that runs."""
        found = await self._run(argv, read, timeout, directory, environment, reports, measured=measured)
        return CommandResult.from_json({key: value for key, value in found.items() if key != "read"}), found["read"]

    async def run_line(
        self, line: str, root: Path, *, keep: by_command.Keep, timeout: float, directory: str = "", rest: str = ""
    ) -> JSONObject:
        """Runs a shell line that may change the workdir ``root``, files that may hold secrets hidden from it. Where it first
        goes to a ``directory`` and does ``rest`` there, it has the environment of the part that is there.

        One mutating step: of what the line has changed, the paths that ``keep`` takes enter the tree, as far as they can be
        kept (`by_command.compare`); the journal undoes the rest. The result is that of a command, with ``output`` (all of it,
        or head and tail around what is left out) and the fields of ``CommandChanges``.
        """
        self._count += 1
        argv = (*SHELL[:2], line)
        await self._started(argv)

        async def act() -> JSONObject:
            await self.restore()
            before = await asyncio.to_thread(by_command.look, root)
            within = bool(directory) and by_command.is_real_folder(root, directory)
            result = await self._ports.sandbox.run(
                (*SHELL, rest if within else line),
                timeout=timeout, directory=directory if within else "", hide_secrets=True,
            )  # fmt: skip
            changes = await asyncio.to_thread(by_command.compare, root, before, keep)
            output = result.output_tail
            # people see the line start and end that the model wrote
            shown = replace(result, argv=argv, output_tail=output[-MAX_TAIL:])
            return {**shown.to_json(), "output": output, **changes.to_json()}

        inputs: JSONObject = {"line": line, "timeout": timeout}
        key = f"{self._key}/{self._step}/{self._count}"
        return await self._record(key, inputs, act, writes=lambda result: result["kept"])

    async def _run(
        self,
        argv: Sequence[str],
        read: Callable[[CommandResult], JSONObject] | None,
        timeout: float,
        directory: str,
        environment: Mapping[str, str] | None,
        reports: Sequence[str],
        hide_secrets: bool = False,
        measured: Reporting | None = None,
    ) -> JSONObject:
        self._count += 1
        hidden: dict[str, Any] = {"hide_secrets": True} if hide_secrets else {}
        await self._started(argv)
        given = (argv, environment, reports) if measured is None else (measured.argv, measured.environment, measured.globs)

        async def act() -> JSONObject:
            await self.restore()
            with self._aside.in_place():
                result = await self._ports.sandbox.run(
                    given[0], timeout=timeout, directory=directory, environment=given[1], reports=given[2], **hidden
                )
            result = result if measured is None else replace(result, argv=tuple(argv))
            return {**result.to_json(), **({"read": await asyncio.to_thread(read, result)} if read else {})}

        inputs: JSONObject = {"argv": list(argv)}
        inputs |= {"directory": directory} if directory else {}
        inputs |= {"environment": dict(environment)} if environment else {}
        inputs |= hidden
        if self._aside.paths:
            inputs["set_aside"] = self._aside.digests()
        return await self._record(f"{self._key}/{self._step}/{self._count}", inputs, act)

    async def _started(self, argv: Sequence[str]) -> None:
        self._ports.cancel.check()
        await self._ports.events.emit("command_started", {"argv": list(argv)}, " ".join(argv))

    async def _journaled(
        self, key: str, inputs: JSONObject, act: Callable[[], Awaitable[JSONObject]], *, announced: bool = True
    ) -> CommandResult:
        return CommandResult.from_json(await self._record(key, inputs, act, announced=announced))

    async def _record(
        self,
        key: str,
        inputs: JSONObject,
        act: Callable[[], Awaitable[JSONObject]],
        *,
        announced: bool = True,
        writes: Callable[[JSONObject], Collection[str]] | None = None,
    ) -> JSONObject:
        announce = _finished if announced else None
        try:
            result = await self._ports.journal.step(
                key, "command", inputs, act, announce=announce, mutates=writes is not None, writes=writes
            )
        except SandboxFailed as error:
            raise Paused("sandbox", error.detail, hint=error.hint) from error
        self._shared.seconds += result["duration_ms"] / 1000
        self._ports.cancel.check()
        return result


def _finished(result: JSONObject) -> StepEvent:
    keys = ("argv", "exit_code", "duration_ms", "output_tail", "timed_out", "available")
    ended = "timed out" if result["timed_out"] else f"exit code {result['exit_code']}"
    return StepEvent("command_finished", {key: result[key] for key in keys}, f"{' '.join(result['argv'])}: {ended}")
