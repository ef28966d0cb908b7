"""What is left to run of an install command that a person gave, once our own install step has done its part.

``npm ci && npm run build`` → ``npm run build``: fetching packages is what our own step does, from the network and without any
code of the repository. What needs a shell to be understood is run as it stands.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence

from agent.patterns import linear
from agent.projects.model import ProjectCommand, ProjectPart
from agent.projects.settings import FILE, SETTINGS
from agent.projects.shell import MAX_LINE, SimpleCommand, commands_of

_FETCHING: dict[str, tuple[str, tuple[str, ...]]] = {
    "pip": ("python", ("install",)), "pip3": ("python", ("install",)), "uv": ("python", ("sync", "pip")),
    "poetry": ("python", ("install", "sync")), "pdm": ("python", ("install", "sync")), "rye": ("python", ("sync",)),
    "pipenv": ("python", ("install", "sync")),
    "npm": ("node", ("install", "i", "ci")), "pnpm": ("node", ("install", "i")), "yarn": ("node", ("install", "")),
    "bun": ("node", ("install", "i")), "corepack": ("node", ("enable",)),
    "go": ("go", ("mod",)), "cargo": ("rust", ("fetch",)), "composer": ("php", ("install", "update")),
}  # fmt: skip
"""Program → the ecosystem whose packages it fetches, and the first words that say so."""


_SIGN = linear(r"(&&|;)")
_SETTING = ("cd", "export", "set", "pushd")
"""Words of a shell that do nothing by themselves."""


def given_install(part: ProjectPart) -> ProjectCommand | None:
    """The install command of ``part``, where a person gave it: in the project's settings, a plan or mgx.yaml."""
    command = part.commands.get("install")
    return command if command is not None and command.evidence.startswith((SETTINGS, FILE)) else None


def left_to_run(command: ProjectCommand, made: Collection[str]) -> str:
    """The line of ``command`` without what fetches packages of the ecosystems whose environments are ``made``; "" where
    nothing is left that does anything."""
    line = command.argv[2] if command.argv[:2] == ("sh", "-c") and len(command.argv) == 3 else shlex.join(command.argv)
    if len(line) > MAX_LINE:  # it is not looked into
        return line
    pieces = _SIGN.split(line)  # commands, and between them the signs that join them
    if not all(map(_is_whole, pieces[::2])):
        return line
    kept: list[str] = []
    for at in range(0, len(pieces), 2):
        if not _is_done(pieces[at], made):
            kept += [pieces[at - 1], pieces[at]] if kept else [pieces[at]]
    does = [piece for piece in kept[::2] if piece.split()[:1] and piece.split()[0] not in _SETTING]
    return "".join(kept).strip() if does else ""


def _is_whole(piece: str) -> bool:
    """False where a quote is open: the sign beside it joins nothing."""
    try:
        shlex.split(piece)
    except ValueError:
        return False
    return True


def _is_done(piece: str, made: Collection[str]) -> bool:
    commands = commands_of(piece.strip())
    return len(commands) == 1 and _fetches(commands[0], made)


def _fetches(command: SimpleCommand, made: Collection[str]) -> bool:
    words = _plain(command.words)
    if words[:2] == ("go", "mod") and words[2:3] != ("download",):
        return False
    if words[:2] == ("uv", "pip") and words[2:3] not in (("install",), ("sync",)):
        return False
    ecosystem, verbs = _FETCHING.get(words[0] if words else "", ("", ()))
    first = next((word for word in words[1:] if not word.startswith("-")), "")
    return ecosystem in made and first in verbs


def _plain(words: Sequence[str]) -> tuple[str, ...]:
    """``python -m pip install`` → ``pip install``."""
    plain = tuple(words[1:] if words[:1] == ("sudo",) else words)
    return plain[2:] if plain[:1] in (("python",), ("python3",)) and plain[1:2] == ("-m",) else plain
