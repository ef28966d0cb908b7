"""From a line that a project has somewhere to the command itself: wrappers are taken off, task runners are looked into.

``uv run --group x pytest -q`` → ``pytest -q``; ``tox -e py`` → the commands of that environment; ``make test`` → its recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.projects.configured.make import just_steps, make_steps
from agent.projects.configured.nox import nox_steps
from agent.projects.configured.scripts import TOOLS, has_script, hatch_test, script_steps
from agent.projects.configured.shell_scripts import script_file, shell_steps
from agent.projects.configured.steps import TaskSteps
from agent.projects.configured.tox import tox_steps
from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectCommand
from agent.projects.runners import BUNDLED, KnownCommand, Purpose, known_command
from agent.projects.shell import SimpleCommand, commands_of
from agent.projects.wrappers import unwrapped

MAX_SHOWN = 120
SHELL_WORDS = frozenset(
    {"if", "then", "else", "fi", "for", "do", "done", "while", "case", "[", "[[", "command", "exit", "mkdir", "rm"}
)
"""What no test is run by, and is not worth a note."""
ASKED = {"tox": "-e ", "nox": "-s ", "hatch": "run ", "pdm": "run ", "pipenv": "run ", "rye": "run "}
"""How a task is asked for by name, where it is more than the name."""
TOX_OTHER = frozenset(
    {"list", "l", "devenv", "d", "config", "c", "exec", "e", "depends", "de", "quickstart", "q", "schema", "man"}
)
"""Subcommands of tox that run no tests."""
MAX_DEPTH = 4
"""Of task runners that call each other: ``make test`` → ``tox`` → ``poe test`` → ``pytest``."""
TARGETS: Mapping[Purpose, tuple[str, ...]] = {
    "test": ("test", "tests", "unit", "unittest", "pytest", "check"),
    "lint": ("lint", "check", "style", "ruff", "flake8"),
    "format": ("format", "fmt", "black", "style"),
}
"""What tasks of a purpose are called, the usual name first."""


@dataclass(frozen=True)
class ResolvedCommand:
    """``argv`` is run in ``directory`` below the part's; ``through`` says which configuration the line led to, ""
    where none."""

    known: KnownCommand
    argv: tuple[str, ...]
    said: str
    through: str = ""
    directory: str = ""
    task: str = ""
    """The name of the task that it is of, as tox or make has it."""

    def told(self, evidence: str) -> ProjectCommand:
        where = f"{evidence} → {self.through}" if evidence and self.through else evidence or self.through
        plain = " ".join(self.argv)
        return ProjectCommand(self.argv, where, "" if self.said == plain else self.said)


class CommandResolver:
    """For the part whose files are ``files``. ``notes`` gathers sentences about what was found and can't be used."""

    def __init__(self, files: ProjectFiles, ecosystem: str, declared: frozenset[str] = frozenset()) -> None:
        self._files = files
        self._ecosystem = ecosystem
        self._keep_coverage = "coverage" in declared or "pytest-cov" in declared
        self.notes: list[str] = []

    def line(self, line: str, purpose: Purpose | None = None) -> list[ResolvedCommand]:
        """The known commands in ``line``, those of ``purpose`` where one is given."""
        found = [hit for command in commands_of(line) for hit in self._command(command, command.said, None, MAX_DEPTH)]
        return [hit for hit in found if purpose in (None, hit.known.purpose)]

    def task(self, tool: str, purpose: Purpose) -> list[ResolvedCommand]:
        """What ``tool`` runs for ``purpose`` by its usual names: "tox", "nox", "make", "just", "hatch", "poe", …"""
        steps, said = self._named(tool, list(TARGETS[purpose]) if tool not in ("tox", "nox") or purpose != "test" else [])
        found = [hit for hit in self._steps(steps, said, MAX_DEPTH) if hit.known.purpose == purpose]
        if steps is not None and not found and purpose == "test" and steps.name != "check":
            unknown = next((command for command in steps.commands if command.words[0] not in SHELL_WORDS), None)
            if unknown is not None:
                self.note(f"{steps.evidence} runs `{unknown.said[:MAX_SHOWN]}`, which is not a test runner that is known here.")
        return found

    def _command(self, command: SimpleCommand, said: str, outer: TaskSteps | None, depth: int) -> Iterator[ResolvedCommand]:
        words = unwrapped(command.words, keep_coverage=self._keep_coverage)
        if not words:
            return
        steps = self._inside(words) if depth else None
        if steps is not None:
            yield from self._steps(steps, said, depth)
            return
        known = known_command(words)
        if known is None or known.ecosystem != self._ecosystem:
            return
        words = self._bundled(words)
        argv = ("env", *command.environment, *words) if command.environment else words
        directory = command.directory
        if command.globs:
            argv = ("sh", "-c", command.line(words))
        elif outer is not None and directory:
            argv, directory = _moved(argv, known, directory), ""
        through, task = (outer.evidence, outer.name) if outer is not None else ("", "")
        yield ResolvedCommand(known, argv, said, through, directory, task)

    def _bundled(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """A project with a Gemfile runs with the gems that it names, whether the line says so or not, as ``bin/rspec`` does."""
        named = self._ecosystem == "ruby" and any(name in self._files for name in ("Gemfile", "gems.rb"))
        return (*BUNDLED, *words) if named and "/" not in words[0] and words[0] != "bundle" else words

    def _steps(self, steps: TaskSteps | None, said: str, depth: int) -> Iterator[ResolvedCommand]:
        if steps is None:
            return
        if steps.refused and "test" in steps.name:
            self.note(steps.refused)
        for command in steps.commands:
            yield from self._command(command, said or command.said, steps, depth - 1)

    def _inside(self, words: tuple[str, ...]) -> TaskSteps | None:
        """What a task runner would run; None where ``words`` is not one's."""
        plain = words[2:] if words[:2] == ("python", "-m") else words
        program, rest = plain[0] if plain else "", plain[1:]
        names = [word for word in rest if not word.startswith("-") and "=" not in word]
        if script := script_file(words):
            return shell_steps(self._files, script)
        if program == "tox" and TOX_OTHER.intersection(names[:1]):
            return TaskSteps("tox")
        if program == "tox":
            return self._named("tox", _environments(rest, ("-e", "--env", "-f")))[0]
        if program == "nox":
            return self._named("nox", _environments(rest, ("-s", "--session", "--sessions", "-e", "-t")))[0]
        if program == "hatch" and rest[:1] == ("test",):
            return TaskSteps("hatch test", (SimpleCommand(hatch_test(self._files)),))
        if program == "hatch":
            return self._hatch(names)
        if program in ("make", "gmake", "just"):
            return self._named("make" if program != "just" else "just", names[:1] or ["all"])[0]
        if program in TOOLS and names:
            script = names[1] if names[0] == "run" and len(names) > 1 else names[0]
            return script_steps(self._files, program, [script])
        for tool in ("pdm", "rye", "pipenv"):  # what `pdm run NAME` left: a script of that name
            if len(plain) == 1 and has_script(self._files, tool, program):
                return script_steps(self._files, tool, [program])
        return None

    def _hatch(self, names: Sequence[str]) -> TaskSteps | None:
        if names[:1] != ["run"] or len(names) < 2:
            return None
        found = script_steps(self._files, "hatch", [names[1]])
        if found is None:  # a program of its environment
            words = (names[1].rpartition(":")[2], *names[2:])
            return TaskSteps("", (SimpleCommand(words),)) if known_command(words) else None
        return found

    def _named(self, tool: str, names: Sequence[str]) -> tuple[TaskSteps | None, str]:
        """The steps, and how they are asked for on a command line."""
        readers: Mapping[str, Callable[[ProjectFiles, Sequence[str]], TaskSteps | None]] = {
            "tox": tox_steps,
            "nox": nox_steps,
            "make": make_steps,
            "just": just_steps,
        }
        read = readers.get(tool)
        steps = read(self._files, names) if read is not None else script_steps(self._files, tool, names)
        if steps is None:
            return None, ""
        return steps, f"{tool} {ASKED.get(tool, '')}{steps.name}" if steps.name else tool

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def _environments(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """``-e py311,lint`` → those names; what is computed elsewhere (a matrix) names none."""
    found: list[str] = []
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        cluster = name[:1] == "-" and name[1:].isalpha() and f"-{name[-1]}" in options and name[:2] not in options
        if name in options or cluster:  # `nox -rs tests`
            said = value if equals else words[at + 1] if at + 1 < len(words) else ""
            found += [entry for entry in said.split(",") if entry and not entry.startswith("-")]
        elif name[:2] in options and len(name) > 2 and not name.startswith("--"):
            found.append(name[2:])
    return found[:20]


def _moved(argv: tuple[str, ...], known: KnownCommand, directory: str) -> tuple[str, ...]:
    """``argv`` as it is run from the part's directory, where its configuration runs it in ``directory``."""
    if known.runner == "pytest" and not known.targets:
        return (*argv, directory)
    return ("sh", "-c", f"cd {directory} && {' '.join(argv)}")
