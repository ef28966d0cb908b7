"""Keeps a part of a hostile repository small: it is recorded with a step, shown in plans, and read again for each command."""

from __future__ import annotations

from dataclasses import replace

from agent.projects.model import ProjectPart
from agent.projects.shown import shown

MAX_GLOBS = 50
MAX_GLOB = 400
MAX_WORDS = 4_000
"""Characters of one command; a longer one is left out, for half a command is another one."""
MAX_NOTE = 500


def bounded(part: ProjectPart) -> ProjectPart:
    """``part`` with texts of one printable line, and without commands and globs that are too long."""
    return replace(
        part,
        name=shown(part.name),
        runtime=shown(part.runtime),
        build_backend=shown(part.build_backend),
        commands={
            kind: replace(command, evidence=shown(command.evidence))
            for kind, command in part.commands.items()
            if sum(map(len, (*command.argv, command.said))) <= MAX_WORDS
        },
        test_files=tuple(glob for glob in part.test_files if len(glob) <= MAX_GLOB)[:MAX_GLOBS],
        evidence={name: shown(said) for name, said in part.evidence.items()},
    )


def bounded_note(note: str) -> str:
    return shown(note, MAX_NOTE)
