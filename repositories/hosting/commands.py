"""Commands in comments: `/mgx verb words`, the same on every service. The provider decides which lines of a comment count (no
quotes, no code, no comment of ours), since each service has its own markup.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

Verb = Literal["plan", "run", "approve", "reject", "cancel", "retry", "continue", "resume", "steer", "help"]
VERBS: tuple[Verb, ...] = get_args(Verb)

_COMMAND = re.compile(r"^/mgx(?:[ \t]+(?P<verb>\S+)[ \t]*(?P<words>.*))?[ \t]*$")


def command_of(line: str) -> tuple[Verb | Literal[""], str] | None:
    """The command at the start of ``line``, and the words after it; "" and the whole line for an unknown command, None for any
    other line."""
    found = _COMMAND.match(line)
    if found is None:
        return None
    wanted = (found["verb"] or "").lower()
    verb = next((verb for verb in VERBS if verb == wanted), None)
    return ("", line.strip()) if verb is None else (verb, found["words"] or "")
