"""What the install steps could not have, for the report of the tests: who reads the result need not look into their output."""

from __future__ import annotations

from collections.abc import Sequence

from agent.ports import CommandResult
from agent.projects import ProjectPart
from agent.projects.shown import shown

MAX_NOTES = 20
MAX_NOTE = 500
"""Characters."""
ABSENT = ("Not installed: ", "The install command ")
"""How notes begin, behind the name of their part, that say what tests may lack."""


def notes_of(installed: Sequence[tuple[ProjectPart, CommandResult | None]]) -> list[str]:
    """Each once, with its part where there are several; at most ``MAX_NOTES``, and how many more there are."""
    several = len(installed) > 1
    found = list(
        dict.fromkeys(
            shown(f"{part.place}: {note}" if several else note, MAX_NOTE)
            for part, result in installed
            if result is not None
            for note in result.notes
        )
    )
    more = len(found) - MAX_NOTES
    return found[:MAX_NOTES] + ([f"And {more} more."] if more > 0 else [])


def absent(notes: Sequence[str]) -> list[str]:
    """Those of ``notes`` that say what is not there."""
    return [note for note in notes if note.startswith(ABSENT) or any(f": {sign}" in note for sign in ABSENT)]
