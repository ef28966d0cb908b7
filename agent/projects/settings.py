"""What people said: commands in the project's settings or in the repository's mgx.yaml, and there whether to ask them.

Both have the same shape: ``{test: "pytest -q", lint: [ruff, check]}`` for the top, and for other directories
``{parts: {backend: {test: …}}}``. In each place ``{ecosystems: {node: {test: …}}}`` is for one language of a directory that
has several, and goes before what is said for all of them. A list is the words of one command, or lines where its entries have
spaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.projects.files import ProjectFiles
from agent.projects.model import COMMANDS, ProjectCommand
from agent.projects.resolve import CommandResolver
from agent.projects.runners import KnownCommand, known_command
from agent.projects.shell import SimpleCommand, commands_of
from agent.projects.tables import table, texts, yaml_of
from agent.projects.wrappers import unwrapped

FILE = "mgx.yaml"
SETTINGS = "project settings"
ECOSYSTEMS_KEY = "ecosystems"
MAX_PARTS = 100
MAX_COMMAND = 2_000
"""Characters."""


@dataclass(frozen=True)
class GivenCommands:
    """``commands`` by kind, each as the project wrote it; for the parts of ``ecosystem`` alone where one is given."""

    directory: str
    commands: Mapping[str, str | list[str]]
    evidence: str
    ecosystem: str = ""


def given_commands(files: ProjectFiles, settings: Mapping[str, Any]) -> list[GivenCommands]:
    """Those of the settings last, so that they win."""
    own = yaml_of(files, FILE)
    return [
        *_of(table(own, "commands"), FILE),
        *_of({**table(own), "commands": None}, FILE),
        *_of(settings, SETTINGS),
    ]


def always_asks(files: ProjectFiles) -> bool:
    """Whether mgx.yaml says ``always_ask: true``; scalars are read as texts."""
    return str(table(yaml_of(files, FILE)).get("always_ask")).lower() == "true"


def _of(said: Mapping[str, Any], evidence: str) -> Iterator[GivenCommands]:
    yield from _in_directory("", said, evidence)
    for directory, entry in list(table(said, "parts").items())[:MAX_PARTS]:
        plain = directory.removeprefix("./").strip("/")
        inside = {**table(entry), **table(entry, "commands")}
        if ".." not in plain.split("/"):
            yield from _in_directory("" if plain == "." else plain, inside, f"{evidence}: {plain}")


def _in_directory(directory: str, said: Mapping[str, Any], evidence: str) -> Iterator[GivenCommands]:
    if commands := _commands(said):
        yield GivenCommands(directory, commands, evidence)
    for ecosystem, entry in list(table(said, ECOSYSTEMS_KEY).items())[:MAX_PARTS]:
        if commands := _commands(table(entry)):
            yield GivenCommands(directory, commands, evidence, ecosystem)


def _commands(said: Mapping[str, Any]) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for kind in COMMANDS:
        value = said.get(kind)
        words = texts(value)
        if words and any(word.strip() for word in words) and sum(len(word) for word in words) <= MAX_COMMAND:
            found[kind] = value if isinstance(value, str) else words
    return found


def command_given(
    value: str | list[str], evidence: str, resolver: CommandResolver
) -> tuple[ProjectCommand, KnownCommand | None]:
    """The command as it is run, and what is known of it. What needs a shell gets one: people may ask for any command."""
    if isinstance(value, list) and not any(" " in word for word in value):
        words = unwrapped(tuple(value)) or tuple(value)
        return ProjectCommand(words, evidence, " ".join(value) if words != tuple(value) else ""), known_command(words)
    line = (value if isinstance(value, str) else " && ".join(value)).strip()
    commands = commands_of(line)
    known = resolver.line(line) if len(commands) == 1 else []
    if len(known) == 1 and not known[0].directory:
        return known[0].told(evidence), known[0].known
    simple = commands[0] if len(commands) == 1 and not commands[0].directory else None
    if simple is None or simple.globs or "\n" in line:
        return ProjectCommand(("sh", "-c", line), evidence), known_command(commands[0].words) if commands else None
    return _plain(simple, line, evidence)


def _plain(simple: SimpleCommand, line: str, evidence: str) -> tuple[ProjectCommand, KnownCommand | None]:
    words = unwrapped(simple.words) or simple.words
    argv = ("env", *simple.environment, *words) if simple.environment else words
    return ProjectCommand(argv, evidence, "" if " ".join(argv) == line else line), known_command(words)
