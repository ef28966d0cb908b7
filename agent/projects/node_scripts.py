"""The scripts of a package.json as the simple commands that they run, with the scripts that they call followed.

It knows as much of a shell as scripts of real projects use: words, quotes, and the signs between commands. What a variable or a
substitution would give is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.patterns import linear

MAX_SCRIPT = 4_000
"""Characters; a longer script is cut, which leaves its first commands."""
MAX_FOLLOWED = 40
"""Scripts that one script calls, directly or by others."""

_WORD = r"""(?:[^\s"'\\&|;()<>]|\\.|"(?:[^"\\]|\\.)*(?:"|\z)|'[^']*(?:'|\z))+"""
"""A quote that is not closed goes to the end, so that no part of a script is read twice."""
_TOKEN = linear(rf"(?s)({_WORD})|[&|;()\n]+|[<>]+&?\s*(?:{_WORD})?")
_QUOTED = linear(r"""(?s)"((?:[^"\\]|\\.)*)(?:"|\z)|'([^']*)(?:'|\z)|\\(.)""")
_ASSIGNMENT = linear(r"[A-Za-z_]\w*=.*")
_ENVIRONMENT = frozenset(("cross-env", "cross-env-shell", "env", "exec", "time", "npx", "bunx", "pnpx"))
_MANAGERS = frozenset(("npm", "pnpm", "yarn", "bun"))
_RUN = frozenset(("run", "run-script", "rum"))
_EXECUTE = frozenset(("exec", "x", "dlx"))
_ALL_OF = frozenset(("npm-run-all", "npm-run-all2", "run-s", "run-p", "concurrently", "conc"))


@dataclass(frozen=True)
class Word:
    """``text`` without its quotes; it stands at ``start`` to ``end`` of the script."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class ScriptCommand:
    """One simple command of the script ``script``; ``settings`` are the variables that are set for it."""

    script: str
    words: tuple[Word, ...]
    settings: tuple[str, ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)

    @property
    def program(self) -> str:
        return program_of(self.words[0].text)


def commands_of(scripts: Mapping[str, object], name: str) -> list[ScriptCommand]:
    """All that ``name`` runs, in order, scripts that it calls in their place: ``npm run lint && jest`` gives what lint runs,
    then jest. Wrappers that only set variables or look for the program are taken off."""
    return list(_followed(scripts, name, [MAX_FOLLOWED], frozenset()))


def simple_commands(script: str, name: str = "") -> Iterator[ScriptCommand]:
    """Those of one line, without following any."""
    line = script[:MAX_SCRIPT]
    words: list[Word] = []
    for token in _TOKEN.finditer(line):
        if token[1] is not None:
            words.append(Word(_unquoted(token[1]), token.start(), token.end()))
        elif not token[0].startswith(("<", ">")):
            if words:
                yield _command(name, words)
            words = []
    if words:
        yield _command(name, words)


def _command(name: str, words: list[Word]) -> ScriptCommand:
    """Without leading assignments and wrappers; those of a line that has nothing else stay."""
    settings: list[str] = []
    at = 0
    while at < len(words) - 1:
        word = words[at].text
        if _ASSIGNMENT.fullmatch(word):
            settings.append(word)
        elif program_of(word) in _ENVIRONMENT:
            while at < len(words) - 2 and words[at + 1].text.startswith("-"):
                at += 1
        elif word in _MANAGERS and words[at + 1].text in _EXECUTE and at < len(words) - 2:
            at += 1
            if words[at + 1].text == "--" and at < len(words) - 2:
                at += 1
        else:
            break
        at += 1
    return ScriptCommand(name, tuple(words[at:]), tuple(settings))


def _followed(scripts: Mapping[str, object], name: str, left: list[int], open_: frozenset[str]) -> Iterator[ScriptCommand]:
    script = scripts.get(name)
    if not isinstance(script, str) or name in open_ or left[0] <= 0:
        return
    left[0] -= 1
    for command in simple_commands(script, name):
        called = called_scripts(command.argv, scripts)
        if called:
            for other in called:
                yield from _followed(scripts, other, left, open_ | {name})
        else:
            yield command


def called_scripts(argv: tuple[str, ...], scripts: Mapping[str, object]) -> list[str]:
    """The scripts of the same package that ``argv`` calls; none where it is not such a call or leaves the package."""
    program, rest = program_of(argv[0]), list(argv[1:])
    if program in _ALL_OF:
        return [script for word in rest for script in _named(word, scripts)]
    if program not in _MANAGERS:
        return []
    if any(word in ("-r", "-w", "--recursive") or word.startswith(("--workspace", "--filter", "--prefix")) for word in rest):
        return []
    own = [word for word in rest if not word.startswith("-")]
    if own and own[0] in _RUN:
        own = own[1:]
    elif own and program in ("npm", "bun") and own[0] not in ("test", "t", "tst", "start"):
        return []
    elif own and program == "bun":
        return []  # its own runner
    name = {"t": "test", "tst": "test"}.get(own[0], own[0]) if own else ""
    return [name] if isinstance(scripts.get(name), str) else []


def _named(word: str, scripts: Mapping[str, object]) -> list[str]:
    """``test:*`` of npm-run-all, ``npm:test`` of concurrently, or a name."""
    start, star, _ = word.removeprefix("npm:").partition("*")
    if star:
        return [name for name in scripts if name.startswith(start)]
    if isinstance(scripts.get(start), str):
        return [start]
    inner = word.split()
    return called_scripts(tuple(inner), scripts) if len(inner) > 1 and inner[0] in _MANAGERS else []


def program_of(word: str) -> str:
    """The name of a program without the folder and ending that ``node_modules/.bin`` or a package give it."""
    name = word.replace("\\", "/").rpartition("/")[2]
    for end in (".js", ".mjs", ".cjs"):
        name = name.removesuffix(end)
    return name


def _unquoted(word: str) -> str:
    return _QUOTED.sub(lambda hit: next(part for part in (hit[1], hit[2], hit[3], "") if part is not None), word)
