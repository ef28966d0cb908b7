"""Which command is believed: what people set, then pages for developers, then CI and tool configuration, then the
language's way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.projects.configured.nox import LINTING as NOX_LINTING
from agent.projects.configured.tox import LINTING as TOX_LINTING
from agent.projects.configured.tox import tox_environments
from agent.projects.configured.workflows import WorkflowLine
from agent.projects.files import ProjectFiles
from agent.projects.instructions import page_lines
from agent.projects.model import ProjectCommand, ProjectPart
from agent.projects.narrowing import chosen, stops_early
from agent.projects.resolve import CommandResolver, ResolvedCommand
from agent.projects.runners import Purpose
from agent.projects.settings import GivenCommands, command_given

CONVENTION = "convention"
"""How the evidence begins of a command that nothing in the repository names."""
TASKS = ("poe", "pdm", "hatch", "rye", "task", "pipenv", "tox", "nox", "make", "just")
PURPOSES: tuple[Purpose, ...] = ("test", "lint", "format")
MAX_KEPT = 200
MAX_NOTES = 10
USUAL = ("test", "unit", "py", "check", "all", "ci", "default", "cov")


@dataclass(frozen=True)
class FoundCommand:
    """``evidence`` is where it stands, "" where that is the configuration it was looked up in."""

    hit: ResolvedCommand
    evidence: str = ""
    on_page: bool = False

    def told(self) -> ProjectCommand:
        return self.hit.told(self.evidence)


@dataclass
class FoundCommands:
    """In the order of their authority; of linters and formatters all, because each names a tool. ``notes`` are sentences about
    what can't be used, where nothing else says how to test."""

    commands: list[FoundCommand] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, hit: ResolvedCommand, evidence: str = "", *, on_page: bool = False) -> None:
        if len(self.commands) < MAX_KEPT:
            self.commands.append(FoundCommand(hit, evidence, on_page))

    def of(self, purpose: Purpose) -> list[FoundCommand]:
        return [found for found in self.commands if found.hit.known.purpose == purpose]


def found_commands(
    part: ProjectPart, files: ProjectFiles, workflow: Sequence[WorkflowLine], declared: frozenset[str], *, readme: bool
) -> FoundCommands:
    """What pages, task runners and CI say for ``part``, whose files are ``files``; ``workflow`` is of the whole repository."""
    resolver = CommandResolver(files, part.ecosystem, declared)
    found = FoundCommands()
    for hit, evidence in _of_pages(files, resolver, readme=readme):
        found.add(hit, evidence, on_page=True)
    for tool in TASKS:
        for purpose in PURPOSES:
            for hit in resolver.task(tool, purpose):
                found.add(hit)
    for line in _linting_lines(files):
        for hit in resolver.line(line):
            if hit.known.purpose != "test":
                found.add(hit)
    for entry in workflow:
        if entry.directory != part.directory and "cd" not in entry.line and "pushd" not in entry.line:
            continue  # it can't be for this part
        for hit in resolver.line(entry.line):
            if _place(entry.directory, hit.directory) != part.directory:
                continue
            found.add(replace(hit, directory=""), entry.evidence)
    if not found.of("test"):
        found.notes = resolver.notes[:MAX_NOTES]
    return found


def _linting_lines(files: ProjectFiles) -> Iterator[str]:
    yield from (f"tox -e {name}" for name in TOX_LINTING if name in tox_environments(files) or "tox.ini" in files)
    yield from (f"nox -s {name}" for name in NOX_LINTING if "noxfile.py" in files)


def is_conventional(command: ProjectCommand) -> bool:
    """Whether nothing in the repository names it."""
    return not command.evidence or command.evidence.startswith(CONVENTION)


def with_found(part: ProjectPart, found: FoundCommands) -> ProjectPart:
    """``part`` with the best of ``found``. A test command that its ecosystem read from the project's own manifest
    gives way only to a page for developers that names a runner; none gives way to one that runs a part of the tests."""
    commands = dict(part.commands)
    own = commands.get("test")
    conventional = own is None or is_conventional(own)
    tests = [entry for entry in found.of("test") if conventional or (entry.on_page and entry.hit.known.runner)]
    test = _best([entry for entry in tests if own is None or not _chosen(entry)])
    runner = part.runner
    if test is not None:
        commands["test"] = test.told()
        commands.pop("test_one", None)
        one = tuple(word for word in test.hit.argv if word not in test.hit.known.targets)
        if test.hit.argv[0] != "sh" and one != test.hit.argv:
            commands["test_one"] = ProjectCommand(one, commands["test"].evidence)
        runner = test.hit.known.runner or runner
    for purpose in ("lint", "format"):
        hits = found.of(purpose)
        if purpose not in commands and hits:
            commands[purpose] = next((hit for hit in hits if "--fix" not in hit.hit.argv), hits[0]).told()
    if commands == part.commands:
        return part
    evidence = {"runner": commands["test"].evidence} if runner != part.runner else {}
    return replace(part, commands=commands, runner=runner, evidence={**part.evidence, **evidence})


def with_given(part: ProjectPart, given: Iterable[GivenCommands], files: ProjectFiles) -> ProjectPart:
    """``part`` with the commands that people gave for its directory, and for its ecosystem where they said so."""
    resolver = CommandResolver(files, part.ecosystem)
    for entry in given:
        if entry.directory != part.directory or entry.ecosystem not in ("", part.ecosystem):
            continue
        commands: Mapping[str, ProjectCommand] = dict(part.commands)
        runner = part.runner
        for kind, value in entry.commands.items():
            command, known = command_given(value, entry.evidence, resolver)
            commands = {**commands, kind: command}
            if kind == "test":
                runner = known.runner if known is not None and known.purpose == "test" else ""
                if "test_one" not in entry.commands and (known is None or known.runner != part.runner):
                    commands = {name: said for name, said in commands.items() if name != "test_one"}
        part = replace(part, commands=commands, runner=runner)
    return part


def _of_pages(files: ProjectFiles, resolver: CommandResolver, *, readme: bool) -> Iterator[tuple[ResolvedCommand, str]]:
    for entry in page_lines(files, readme=readme):
        for hit in resolver.line(entry.line):
            if hit.directory or (hit.known.purpose == "test" and not entry.about_tests):
                continue
            if hit.through or all(_is_whole(files, target) for target in hit.known.targets):
                yield hit, entry.evidence


def _is_whole(files: ProjectFiles, target: str) -> bool:
    """Whether a page's ``target`` is a directory that is there: one file, or one test, is an example."""
    plain = target.removeprefix("./").rstrip("/")
    return plain == "." or plain.endswith("...") or next(files.starting_with(f"{plain}/"), None) is not None


def _best(entries: Sequence[FoundCommand]) -> FoundCommand | None:
    """The first of those that leave the fewest tests out: pages show how to run some of them as well."""
    return min(
        entries,
        key=lambda entry: (_chosen(entry) + stops_early(entry.hit.argv), not _is_usual(entry.hit.task)),
        default=None,
    )


def _chosen(entry: FoundCommand) -> int:
    return chosen(entry.hit.known.runner, entry.hit.argv, entry.hit.known.targets)


def _is_usual(task: str) -> bool:
    """Whether a task of tox, make or another is called as one that runs the tests is."""
    return not task or any(word in task for word in USUAL)


def _place(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer and inner else outer or inner
