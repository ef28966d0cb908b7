"""What people can command in a comment: `/mgx verb words`, the same on every service. Which lines of a comment count (no
quotes, no code, no comment of ours) is for the provider to say, since each service has markup of its own.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

Verb = Literal["plan", "run", "approve", "reject", "cancel", "retry", "resume", "steer", "help"]
VERBS: tuple[Verb, ...] = get_args(Verb)

_COMMAND = re.compile(r"^/mgx(?:[ \t]+(?P<verb>\S+)[ \t]*(?P<words>.*))?[ \t]*$")


def command_of(line: str) -> tuple[Verb | Literal[""], str] | None:
    """The command that ``line`` begins, and the words after it: "" and the whole line for one that we don't know, None for a
    line that is not a command."""
    found = _COMMAND.match(line)
    if found is None:
        return None
    wanted = (found["verb"] or "").lower()
    verb = next((verb for verb in VERBS if verb == wanted), None)
    return ("", line.strip()) if verb is None else (verb, found["words"] or "")
