"""Reads a line of a shell as far as it is one plain command, or a chain of them: what needs a shell to be understood
is refused.

The lines are of other people's files and only become commands where every word is known (``agent.projects.runners``).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.patterns import linear

MAX_LINE = 1_000
"""Characters; a longer one is refused. ``shlex`` takes the square of a word's length."""
MAX_WORDS = 100

_ASSIGNMENT = linear(r"[A-Za-z_][A-Za-z0-9_]{0,60}=.*")
_PROMPT = linear(r"^\s*(?:\(?[\w.-]{0,30}\)?\s?[$%#❯]|>{1,3}|PS>)\s+")
_ARGUMENTS = linear(r'"?\$(?:@|\*|\{@\}|\{\*\})"?')
_DEFAULTED = linear(r"\$\{[A-Za-z_@*0-9]{1,60}:?-([^${}`]*)\}")
_GLOB = "*?["
_CHAIN = frozenset({"&&", ";"})
_PUNCTUATION = frozenset("();<>|&")


@dataclass(frozen=True)
class SimpleCommand:
    """``words`` with the program first, ``environment`` as it is set before it, and the ``directory`` it is run in, as
    the chain says ("cd web && npm test")."""

    words: tuple[str, ...]
    environment: tuple[str, ...] = ()
    directory: str = ""
    globs: tuple[str, ...] = ()
    """Words that a shell would replace by the paths that fit them."""

    @property
    def said(self) -> str:
        return self.line(self.words)

    def line(self, words: tuple[str, ...]) -> str:
        """``words`` in the command's environment, as they are written for a shell."""
        return " ".join((*self.environment, *(word if word in self.globs else shlex.quote(word) for word in words)))


def without_prompt(line: str) -> str:
    """``$ pytest`` → ``pytest``."""
    return _PROMPT.sub("", line[:MAX_LINE], 1)


def commands_of(line: str) -> list[SimpleCommand]:
    """The commands of ``a && b`` and ``a; b``; none where the line has substitutions, pipes, redirections, or can't be read.
    Arguments that would be passed on (``"$@"``) are none, and ``${NAME:-word}`` is the word."""
    words = _words(_DEFAULTED.sub(r"\1", _ARGUMENTS.sub("", line[: MAX_LINE + 1])))
    if words is None:
        return []
    found: list[SimpleCommand] = []
    directory = ""
    for part in _parts(words):
        if part[0] in ("cd", "pushd") and len(part) == 2 and _is_inside(part[1]):
            directory = part[1].removeprefix("./").rstrip("/")
        elif part[0] not in ("set", "echo", "export"):
            globs = tuple(word for word in part if is_glob(word) and f'"{word}"' not in line and f"'{word}'" not in line)
            found.append(replace(_simple(part, directory), globs=globs))
    return [command for command in found if command.words]


def lines_of(text: str, limit: int) -> Iterator[str]:
    """The first ``limit`` lines of a script, with those that end in a backslash joined; comments are left out."""
    held = ""
    for line in text.splitlines()[:limit]:
        line = line.strip()
        if line.endswith("\\") and len(held) < MAX_LINE:
            held += line[:-1] + " "
            continue
        line, held = held + line, ""
        if line and not line.startswith("#"):
            yield line


def is_glob(word: str) -> bool:
    return any(mark in word for mark in _GLOB)


def _words(line: str) -> list[str] | None:
    if len(line) > MAX_LINE:
        return None
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    try:
        words = list(reader)
    except ValueError:  # a quote that is not closed
        return None
    return words if len(words) <= MAX_WORDS and not any("$" in word or "`" in word for word in words) else None


def _parts(words: list[str]) -> Iterator[list[str]]:
    """Between the signs of the chain. Nothing where there is another sign of the shell."""
    signs = [word for word in words if word and _PUNCTUATION.issuperset(word)]
    if not _CHAIN.issuperset(signs):
        return
    part: list[str] = []
    for word in [*words, ";"]:
        if word not in _CHAIN:
            part.append(word)
        elif part:
            yield part
            part = []


def _simple(words: list[str], directory: str) -> SimpleCommand:
    at = 1 if words[0] == "env" else 0
    start = at
    while at < len(words) and _ASSIGNMENT.fullmatch(words[at]):
        at += 1
    return SimpleCommand(tuple(words[at:]), tuple(words[start:at]), directory)


def _is_inside(path: str) -> bool:
    return not path.startswith(("/", "~", "-")) and ".." not in path.split("/")
