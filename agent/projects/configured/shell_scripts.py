"""The commands of a shell script of the project (``scripts/test``, ``./runtests.sh``), as far as they are plain ones."""

from __future__ import annotations

import re

from agent.patterns import linear
from agent.projects.configured.steps import TaskSteps
from agent.projects.files import ProjectFiles
from agent.projects.shell import SimpleCommand, commands_of, lines_of

MAX_LINES = 200
MAX_CHARACTERS = 20_000
SHELLS = ("sh", "bash", "zsh", "dash")

_ASSIGNMENT = linear(r"^(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w{0,60})=(?:\"([^\"$`]*)\"|'([^']*)'|([^\s\"'$`;]*))$")
_REFERENCE = linear(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_SHEBANG = linear(r"^#!\s*\S*(?:sh|bash|zsh|dash|env (?:ba|z|da)?sh)\b")


def script_file(words: tuple[str, ...]) -> str:
    """The script that ``words`` run, from the part's directory; "" where they run none."""
    named = words[1:] if words and words[0] in SHELLS else words
    first = next((word for word in named if not word.startswith("-")), "") if named is not words else (words or ("",))[0]
    return first.removeprefix("./") if "/" in first or first.endswith(".sh") else ""


def shell_steps(files: ProjectFiles, path: str) -> TaskSteps | None:
    """None where ``path`` is not a script of a shell that is there."""
    script = (files.read(path) or "")[:MAX_CHARACTERS]
    if not path.endswith(".sh") and not _SHEBANG.match(script):
        return None
    variables: dict[str, str] = {}
    found: list[SimpleCommand] = []

    def value(hit: re.Match[str]) -> str:
        return variables.get(hit[1] or hit[2], hit[0])

    for line in lines_of(script, MAX_LINES):
        if assigned := _ASSIGNMENT.match(line):
            variables[assigned[1]] = (assigned[2] or assigned[3] or assigned[4] or "")[:200]
        else:
            found += commands_of(_REFERENCE.sub(value, line.removeprefix("exec ")))
    return TaskSteps(files.from_root(path), tuple(found), name=path)
