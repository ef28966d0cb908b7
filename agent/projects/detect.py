"""Finds out what a repository is, by its files alone: pure, bounded, and with the evidence of each fact.

Commands come in this order of authority: the project's settings, ``commands`` in mgx.yaml, pages for developers (AGENTS.md,
CONTRIBUTING, README), CI and the configuration of tools, the convention of the language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.projects import node, rust
from agent.projects.authority import found_commands, is_conventional, with_found, with_given
from agent.projects.bounds import bounded, bounded_note
from agent.projects.configured.workflows import WorkflowLine, workflow_lines
from agent.projects.directories import MAX_PARTS, project_directories
from agent.projects.ecosystems import ECOSYSTEMS
from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectPart, ProjectProfile
from agent.projects.proof import proven_stacks
from agent.projects.python.part import declared_names
from agent.projects.python.tools import with_tools
from agent.projects.settings import GivenCommands, always_asks, given_commands
from agent.stacks.globs import matches

COVERING = ("native", "java", "dotnet", "static")
"""Ecosystems whose outermost manifest builds what lies below it."""
MAX_NOTES = 20
_INHERIT: Mapping[str, Callable[[ProjectPart, ProjectPart], ProjectPart]] = {"node": node.inherit, "rust": rust.inherit}
TEST_TOOLS = ("pytest", "tox", "nox", "coverage")
"""A distribution that needs one of them, or is named after it, speaks of tests in its README without meaning its own."""


def detect(files: ProjectFiles, settings: Mapping[str, Any] | None = None) -> ProjectProfile:
    """The profile of the repository whose files are ``files``. ``settings`` are the commands of the project: ``{test: …}``."""
    given = given_commands(files, settings or {})
    workflow = list(workflow_lines(files))
    notes = list(_services(workflow))
    parts: list[ProjectPart] = []
    for directory in project_directories(files):
        inside = files.below(directory)
        for part in _read(inside, directory):
            outer = _around(parts, part)
            part = part if outer is None else _in_workspace(part, outer)
            part = _with_commands(part, inside, workflow, given, notes)
            if outer is None or _stands_alone(part, outer, inside):
                parts.append(part)
    parts = [_without_tests_of_members(part, parts, files) for part in parts]
    parts += _only_given(given, parts, files)
    stack, why = _proven(parts[:MAX_PARTS], files)
    told = [bounded_note(note) for note in dict.fromkeys(notes)]
    return ProjectProfile(tuple(map(bounded, parts[:MAX_PARTS])), stack, why, tuple(told[:MAX_NOTES]), always_asks(files))


def _services(workflow: Sequence[WorkflowLine]) -> Iterator[str]:
    """What CI starts for its tests and a sandbox does not have: their failures are not the fault of a change."""
    for entry in workflow:
        if entry.services and "test" in entry.evidence.lower():
            yield f"{entry.evidence} tests with {', '.join(entry.services)}, which is not available in the sandbox."


def _read(files: ProjectFiles, directory: str) -> list[ProjectPart]:
    """The parts of one directory, that with most of the code first; what goes along with another project is left out."""
    found = [part for read in ECOSYSTEMS if (part := read(files, directory)) is not None]
    main = [part for part in found if part.ecosystem not in ("static", "native")] or [
        part for part in found if part.ecosystem != "static"
    ]
    return sorted(main or found, key=lambda part: -_size(part, files))


def _size(part: ProjectPart, files: ProjectFiles) -> int:
    suffixes = {"python": (".py",), "node": (".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".vue", ".svelte")}
    own = suffixes.get(part.ecosystem, (f".{part.ecosystem}",)) + {"go": (".go",), "rust": (".rs",), "ruby": (".rb",)}.get(
        part.ecosystem, ()
    )
    return sum(path.endswith(own) for path in files.paths)


def _with_commands(
    part: ProjectPart, files: ProjectFiles, workflow: Sequence[WorkflowLine], given: Sequence[GivenCommands], notes: list[str]
) -> ProjectPart:
    declared = declared_names(files) if part.ecosystem == "python" else frozenset()
    about_testing = any(tool in part.name.lower() for tool in TEST_TOOLS)
    found = found_commands(part, files, workflow, declared, readme=not about_testing)
    part = with_found(part, found)
    if part.ecosystem == "python":
        part = with_tools(part, files, [*found.of("lint"), *found.of("format")])
    notes += found.notes
    return with_given(part, given, files)


def _around(parts: Sequence[ProjectPart], part: ProjectPart) -> ProjectPart | None:
    """The innermost part of the same ecosystem that encloses ``part``."""
    around = [other for other in parts if other.ecosystem == part.ecosystem and other.directory != part.directory]
    return max(
        (other for other in around if other.holds(f"{part.directory}/")), key=lambda other: len(other.directory), default=None
    )


def _stands_alone(part: ProjectPart, outer: ProjectPart, files: ProjectFiles) -> bool:
    """Whether ``part`` is more than a folder of ``outer``: a project with a name and tests, or a member of its workspace with a
    test command of its own, or whose workspace says nothing about tests."""
    test = part.commands.get("test")
    if part.ecosystem in COVERING or test is None:
        return False
    if part.directory in outer.members and is_conventional(test):
        whole = outer.commands.get("test")
        if "test_configuration" in outer.evidence or (whole is not None and not is_conventional(whole)):
            return False
    return bool(part.name) and (not is_conventional(test) or _test_files(part, files) != [])


def _test_files(part: ProjectPart, files: ProjectFiles) -> list[str]:
    """Some of them; one is enough to know."""
    globs = part.test_files
    return next(([path] for path in files.paths if any(matches(glob, path) for glob in globs)), [])


def _without_tests_of_members(part: ProjectPart, parts: Sequence[ProjectPart], files: ProjectFiles) -> ProjectPart:
    """A workspace whose tests are all in members that are parts of their own has no test command: run from its top, they would
    be read by another configuration than theirs."""
    test = part.commands.get("test")
    own = tuple(f"{other.directory}/" for other in parts if other.directory in part.members)
    if test is None or not own or not is_conventional(test):
        return part
    outside = ProjectFiles.of(
        dict.fromkeys((path for path in files.below(part.directory).paths if not part.path(path).startswith(own)), "")
    )
    if _test_files(part, outside):
        return part
    return replace(part, commands={kind: said for kind, said in part.commands.items() if kind not in ("test", "test_one")})


def _in_workspace(part: ProjectPart, outer: ProjectPart) -> ProjectPart:
    """A member is installed by its workspace's package manager and lock file, and its scripts are started by that."""
    if part.directory not in outer.members or part.lock_file:
        return part
    if (inherit := _INHERIT.get(part.ecosystem)) is not None:
        return inherit(part, outer)
    evidence = {
        **part.evidence,
        **{key: outer.evidence[key] for key in ("package_manager", "lock_file") if key in outer.evidence},
    }
    return replace(part, package_manager=outer.package_manager, lock_file=outer.lock_file, evidence=evidence)


def _only_given(given: Sequence[GivenCommands], parts: Sequence[ProjectPart], files: ProjectFiles) -> list[ProjectPart]:
    """Directories that nothing but people's commands names, as far as they are there: a command runs in them."""
    known = {part.directory for part in parts}
    nothing = ProjectFiles.of({})
    missing = dict.fromkeys(
        entry.directory
        for entry in given
        if entry.directory not in known
        and not entry.ecosystem
        and (not entry.directory or next(files.starting_with(f"{entry.directory}/"), None) is not None)
    )
    return [with_given(ProjectPart(directory=directory), given, nothing) for directory in missing]


def _proven(parts: Sequence[ProjectPart], files: ProjectFiles) -> tuple[str, str]:
    """The stack of the one part that proves exactly one, where no other part proves another."""
    found = [proven for part in parts if (proven := proven_stacks(part, files.below(part.directory)))]
    if len(found) != 1 or len(found[0]) != 1:
        return "", ""
    return next(iter(found[0].items()))
