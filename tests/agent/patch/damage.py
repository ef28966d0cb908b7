"""A damaged edit, the list of what does the damage, and what several of those need."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.agent.patch.corpus import Edit
from tests.agent.patch.diffs import BARE, Part, parts, sides


@dataclass(frozen=True)
class Damaged:
    """An answer, the tree's file before it, and after it; ``after`` None: only a refusal is right.

    ``others`` are more files: path → (before, after).
    """

    text: str
    before: str
    after: str | None
    others: Mapping[str, tuple[str, str]] = field(default_factory=dict)


Error = Callable[[Edit, random.Random], Damaged | None]
"""None where the error can't happen to this edit."""

ERRORS: dict[str, Error] = {}


def error(function: Error) -> Error:
    ERRORS[function.__name__] = function
    return function


def unique(before: str, part: Part) -> bool:
    """True where the hunk's old lines stand once in the file."""
    old = sides(part)[0]
    return bool(old) and f"\n{before}\n".count("\n" + "\n".join(old) + "\n") == 1


def of_blocks(edit: Edit, change: Callable[[str], str] = str) -> Damaged | None:
    """The edit as SEARCH/REPLACE blocks, with ``change`` done to the lines of the old part."""
    hunks = parts(edit.before, edit.after)
    if not all(unique(edit.before, part) for part in hunks) or any(BARE in part.body for part in hunks):
        return None
    blocks = []
    for part in hunks:
        old, new = sides(part)
        search = "".join(change(line) + "\n" for line in old)
        replace = "".join(line + "\n" for line in new)
        blocks.append(f"{edit.path}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n")
    if any(re.search(r"^={5,9}$", line, flags=re.M) for part in hunks for line in part.body):
        return None
    return Damaged("\n".join(blocks), edit.before, edit.after)
