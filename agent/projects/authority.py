"""Which command is believed: what people set, then pages for developers, then CI and tool configuration, then the language's way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.projects.configured.nox import LINTING as NOX_LINTING
from agent.projects.configured.tox import LINTING as TOX_LINTING
from agent.projects.configured.workflows import WorkflowLine
from agent.projects.files import ProjectFiles
from agent.projects.instructions import page_lines
from agent.projects.model import ProjectCommand, ProjectPart
from agent.projects.resolve import CommandResolver, ResolvedCommand
from agent.projects.runners import Purpose
from agent.projects.settings import GivenCommands, command_given

CONVENTION = "convention"
"""How the evidence begins of a command that nothing in the repository names."""
TASKS = ("poe", "pdm", "hatch", "rye", "task", "pipenv", "tox", "nox", "make", "just")
PURPOSES: tuple[Purpose, ...] = ("test", "lint", "format")
MAX_KEPT = 200
Evidence = tuple[ResolvedCommand, str]


@dataclass
class FoundCommands:
    """By purpose, each with its evidence, in the order of their authority; all ``lint`` and ``format`` ones are kept, because
    each names a tool. ``notes`` are sentences about what can't be used."""

    by_purpose: dict[Purpose, list[Evidence]] = field(default_factory=lambda: {purpose: [] for purpose in PURPOSES})
    notes: list[str] = field(default_factory=list)

    def add(self, hit: ResolvedCommand, evidence: str) -> None:
        kept = self.by_purpose[hit.known.purpose]
        if len(kept) < MAX_KEPT:
            kept.append((hit, evidence))


def found_commands(
    part: ProjectPart, files: ProjectFiles, workflow: Sequence[WorkflowLine], declared: frozenset[str], *, readme: bool
) -> FoundCommands:
    """What pages, task runners and CI say for ``part``, whose files are ``files``."""
    resolver = CommandResolver(files, part.ecosystem, declared)
    found = FoundCommands(notes=resolver.notes)
    for hit, evidence in _of_pages(files, resolver, readme=readme):
        found.add(hit, evidence)
    for tool in TASKS:
        for purpose in PURPOSES:
            for hit in resolver.task(tool, purpose):
                found.add(hit, "")
    for name in dict.fromkeys((*TOX_LINTING, *NOX_LINTING)):
        for line in (f"tox -e {name}", f"nox -s {name}"):
            for hit in resolver.line(line):
                if hit.known.purpose != "test":
                    found.add(replace(hit, said=line), "")
    for entry in workflow:
        hits = [hit for hit in resolver.line(entry.line) if _place(entry.directory, hit.directory) == part.directory]
        for hit in hits:
            if entry.services and hit.known.purpose == "test":
                said = ", ".join(entry.services)
                found.notes.append(
                    f"{entry.evidence} starts services ({said}) for its tests, which are not there in the sandbox."
                )
            found.add(replace(hit, directory=""), entry.evidence)
    found.notes = list(dict.fromkeys(found.notes))[:10]
    return found


def with_found(part: ProjectPart, found: FoundCommands) -> ProjectPart:
    """``part`` with the best of ``found``; what its ecosystem read from the project's own manifest stays where only CI differs."""
    commands = dict(part.commands)
    runner = part.runner
    own = commands.get("test")
    conventional = own is None or not own.evidence or own.evidence.startswith(CONVENTION)
    test = _best(
        [entry for entry in found.by_purpose["test"] if conventional or (entry[1] and not entry[1].startswith((".git", "CI")))]
    )
    if test is not None and (conventional or test[0].known.runner):
        hit, evidence = test
        commands["test"] = hit.told(evidence)
        one = ProjectCommand(_without_targets(hit), commands["test"].evidence)
        commands["test_one"] = one if hit.argv[0] != "sh" else commands.get("test_one", one)
        runner = hit.known.runner or runner
    for purpose in ("lint", "format"):
        hits = found.by_purpose[purpose]
        if purpose not in commands and hits:
            commands[purpose] = hits[0][0].told(hits[0][1])
    if commands == part.commands:
        return part
    evidence_of_runner = {"runner": commands["test"].evidence} if runner != part.runner else {}
    return replace(part, commands=commands, runner=runner, evidence={**part.evidence, **evidence_of_runner})


def with_given(part: ProjectPart, given: Iterable[GivenCommands], files: ProjectFiles) -> ProjectPart:
    """``part`` with the commands that people gave for its directory."""
    resolver = CommandResolver(files, part.ecosystem)
    for entry in given:
        if entry.directory != part.directory:
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


def _of_pages(files: ProjectFiles, resolver: CommandResolver, *, readme: bool) -> Iterator[Evidence]:
    for entry in page_lines(files, readme=readme):
        for hit in resolver.line(entry.line):
            if hit.directory or (hit.known.purpose == "test" and not entry.about_tests):
                continue
            if all(_is_whole(files, target) for target in hit.known.targets) or hit.through:
                yield hit, entry.evidence


def _is_whole(files: ProjectFiles, target: str) -> bool:
    """Whether a page's ``target`` is a directory that is there: one file, or one test, is an example."""
    plain = target.removeprefix("./").rstrip("/")
    return plain == "." or plain.endswith("...") or next(files.starting_with(f"{plain}/"), None) is not None


def _best(entries: Sequence[Evidence]) -> Evidence | None:
    """The first that runs all tests, else the first: a page shows how to run some of them as well."""

    def narrowed(entry: Evidence) -> int:
        hit = entry[0]
        return (
            0
            if hit.through
            else sum(word in ("-k", "-m", "-x", "--exitfirst", "--maxfail") for word in _after_module(hit.argv))
        )

    pages = [entry for entry in entries if entry[1]]
    best_said = min(pages, key=narrowed, default=None) if pages and pages[0] == entries[0] else None
    return best_said or (entries[0] if entries else None)


def _after_module(argv: Sequence[str]) -> Sequence[str]:
    at = list(argv).index("-m") + 1 if "-m" in argv[:4] and "python" in argv[:3] else 0
    return argv[at:]


def _without_targets(hit: ResolvedCommand) -> tuple[str, ...]:
    return tuple(word for word in hit.argv if word not in hit.known.targets)


def _place(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer and inner else outer or inner
