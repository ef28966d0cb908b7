"""The project profile: a part for each directory that is a project of its own, and where each fact about it is said.

It is read once per plan, shown there and may be edited there; install, tests, formatters, guardrails and prompts go by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from agent.projects.shown import MAX_COMMAND, quoted, shown
from agent.stacks.globs import matches
from agent.stacks.model import FormatTool

CommandKind = Literal["install", "test", "test_one", "lint", "format", "build"]
MAX_TOLD = 60
"""Lines that are said of a whole repository."""
MAX_NOTES_TOLD = 10
COMMANDS: tuple[CommandKind, ...] = ("install", "test", "test_one", "lint", "format", "build")
Ecosystem = Literal["python", "node", "go", "rust", "java", "php", "ruby", "dotnet", "native", "static", "none"]
_SUFFIXES: dict[Ecosystem, str] = {
    "python": ".py .pyi .pyx",
    "node": ".js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte",
    "go": ".go",
    "rust": ".rs",
    "java": ".java .kt .kts .groovy .scala",
    "php": ".php",
    "ruby": ".rb .rake",
    "dotnet": ".cs .fs .vb .razor",
    "native": ".c .h .cc .cpp .cxx .hpp .hh",
}
ECOSYSTEM_OF = {suffix: ecosystem for ecosystem, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}


@dataclass(frozen=True)
class ProjectCommand:
    """``argv`` as it is run in the part's directory, its environment first on the PATH; a line that needs a shell is
    ``("sh", "-c", line)``. ``evidence`` says where it stands: "tox.ini: [testenv] commands". ``said`` is the line as the
    project has it, where that is another one ("uv run pytest")."""

    argv: tuple[str, ...]
    evidence: str = ""
    said: str = ""

    @property
    def line(self) -> str:
        """As people write it, on one printable line of at most ``MAX_COMMAND`` characters; lines are joined by semicolons."""
        line = self.said or (self.argv[2] if self.argv[:2] == ("sh", "-c") and len(self.argv) == 3 else " ".join(self.argv))
        return shown("; ".join(part for part in line.splitlines() if part.strip()), MAX_COMMAND)


@dataclass(frozen=True)
class ProjectPart:
    """One directory that is a project of its own (``directory`` "" is the top; paths in the part are relative to it, but for
    ``lock_file`` and ``members``, which begin at the repository's root).

    ``name`` is the distribution's own name; ``runtime`` the version it asks for (">=3.12", "node >=20"); ``layout`` is flat,
    src or workspace; ``runner`` is who runs the tests (pytest, unittest, django, node, vitest, jest, mocha, ava, go, cargo,
    phpunit, …; "" where it is not known, and then only the exit code speaks). ``test_files`` are globs of the files that it
    runs. ``other_tests`` are commands that test it where the program of the first is absent. ``formatters`` and ``linters``
    are those that the project configures, and no others. ``tests_members``: its test command runs those of its members too.
    ``evidence`` gives for a field's or command's name where it is said.
    """

    directory: str = ""
    ecosystem: Ecosystem = "none"
    language: str = ""
    name: str = ""
    package_manager: str = ""
    lock_file: str = ""
    build_backend: str = ""
    layout: str = ""
    members: tuple[str, ...] = ()
    runtime: str = ""
    runner: str = ""
    commands: Mapping[str, ProjectCommand] = field(default_factory=dict)
    other_tests: tuple[tuple[str, ...], ...] = ()
    test_files: tuple[str, ...] = ()
    formatters: tuple[FormatTool, ...] = ()
    linters: tuple[FormatTool, ...] = ()
    tests_members: bool = False
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def test(self) -> tuple[str, ...]:
        command = self.commands.get("test")
        return command.argv if command else ()

    @property
    def install(self) -> tuple[str, ...]:
        """What people see run where the part's environment is made; () where there is none to make."""
        command = self.commands.get("install")
        if command is not None and command.argv[0] != "sh":
            return command.argv
        defaults = {"python": ("uv", "pip", "install"), "node": (self.package_manager or "npm", "install")}
        return defaults.get(self.ecosystem, command.argv if command is not None else ())

    @property
    def key(self) -> str:
        """What no other part of the repository has."""
        return f"{self.directory or '.'}:{self.ecosystem}"

    @property
    def place(self) -> str:
        """As people write it."""
        return f"{self.directory}/" if self.directory else "the top directory"

    def path(self, path: str) -> str:
        """``path`` of the part, from the repository's root."""
        return f"{self.directory}/{path}" if self.directory else path

    def is_test(self, path: str) -> bool:
        """Whether its runner takes ``path``, from the repository's root, for a file of tests."""
        own = path.removeprefix(f"{self.directory}/") if self.directory else path
        return self.holds(path) and any(matches(glob, own) for glob in self.test_files)

    def holds(self, path: str) -> bool:
        """Whether ``path``, from the repository's root, lies in it (or in a part inside of it)."""
        return not self.directory or path.startswith(f"{self.directory}/")


@dataclass(frozen=True)
class ProjectProfile:
    """``parts`` with the outermost first; none where nothing is known. ``stack`` is the entry of the catalogue that manifests
    prove, "" where they prove none; ``stack_evidence`` says by what. ``notes`` are sentences about what was found and could
    not be used. ``always_ask``: its mgx.yaml wants people asked where a task contradicts itself, whoever started the run."""

    parts: tuple[ProjectPart, ...] = ()
    stack: str = ""
    stack_evidence: str = ""
    notes: tuple[str, ...] = ()
    always_ask: bool = False

    def part_of(self, path: str) -> ProjectPart | None:
        """The innermost part that holds ``path``; of several in one directory that whose language the file is in."""
        return next(iter(self._around(path)), None)

    def tested_by(self, paths: Sequence[str]) -> list[ProjectPart]:
        """The parts whose tests speak for ``paths``, in the profile's order: for each path the innermost part around it that
        has a test command, or the innermost of all where none has one. No member beside a workspace that tests it as well, for
        its tests would be counted twice. The outermost part where no part holds any of them."""
        found = set()
        for path in paths:
            around = self._around(path)
            if around:
                found.add(next((part for part in around if part.test), around[0]).key)
        chosen = [part for part in self.parts if part.key in found]
        covered = {(member, part.ecosystem) for part in chosen if part.tests_members for member in part.members if part.test}
        return [part for part in chosen if (part.directory, part.ecosystem) not in covered] or list(self.parts[:1])

    def _around(self, path: str) -> list[ProjectPart]:
        """The parts that hold ``path``, the innermost first."""
        ecosystem = ECOSYSTEM_OF.get(f".{path.rpartition('.')[2]}")
        around = [part for part in self.parts if part.holds(path)]
        return sorted(around, key=lambda part: (-len(part.directory), part.ecosystem != ecosystem))

    def told(self) -> Iterator[str]:
        """Lines for people and prompts: what is known, each with where it is said. At most ``MAX_TOLD`` of one printable line
        each, whatever the repository holds: whole parts as far as they fit, and which others there are."""
        last = [f"stack: {self.stack} ({self.stack_evidence})"] if self.stack else []
        last += self.notes[:MAX_NOTES_TOLD]
        left = MAX_TOLD - len(last) - 1
        for at, part in enumerate(self.parts):
            lines = list(_lines(part))
            left -= len(lines)
            if left < 0:
                others = self.parts[at:]
                last.insert(0, f"and {len(others)} more part{'' if len(others) == 1 else 's'}: {_places(others)}")
                break
            yield from map(shown, lines)
        yield from map(shown, last)

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = _plain(asdict(self))
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ProjectProfile:
        """What ``to_json`` gave. Unknown keys are dropped, so that a newer server's plan can be read."""
        parts = tuple(_part(part) for part in data.get("parts", ()))
        notes, always_ask = tuple(data.get("notes", ())), data.get("always_ask") is True
        return cls(parts, data.get("stack", ""), data.get("stack_evidence", ""), notes, always_ask)


def _lines(part: ProjectPart) -> Iterator[str]:
    where = f"{part.directory}/: " if part.directory else ""
    known = [part.language, part.package_manager, part.build_backend, f"{part.layout} layout" if part.layout else ""]
    what = ", ".join(dict.fromkeys(word for word in known if word))
    yield f"{where}{what or part.ecosystem}" + (f"; needs {part.runtime}" if part.runtime else "")
    for kind in COMMANDS:
        if (command := part.commands.get(kind)) is not None:
            yield f"{where}{kind}: {quoted(command.line)}" + (f" ({command.evidence})" if command.evidence else "")
    for what, tools in (("formatters", part.formatters), ("linters", part.linters)):
        if tools:
            said = part.evidence.get(what, "")
            yield f"{where}{what}: {', '.join(tool.name for tool in tools)}" + (f" ({said})" if said else "")


def _places(parts: Sequence[ProjectPart]) -> str:
    return ", ".join(part.place for part in parts[:MAX_TOLD])


def _part(data: Mapping[str, Any]) -> ProjectPart:
    known = {entry.name for entry in fields(ProjectPart)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items() if name in known
    }
    values["other_tests"] = tuple(tuple(argv) for argv in data.get("other_tests", ()))
    values["commands"] = {
        kind: ProjectCommand(tuple(command["argv"]), command.get("evidence", ""), command.get("said", ""))
        for kind, command in data.get("commands", {}).items()
    }
    for kind in ("formatters", "linters"):
        values[kind] = tuple(_tool(tool) for tool in data.get(kind, ()))
    return ProjectPart(**values)


def _tool(data: Mapping[str, Any]) -> FormatTool:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return FormatTool(**values)


def _plain(value: Any) -> Any:
    """Tuples become lists, as they do in JSON, so that what is stored equals what was made."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
