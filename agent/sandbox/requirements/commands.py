"""What a command that installs or runs tests names: ``pip install -e ".[test]" mock``, ``uv sync --group dev`` and the like."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agent.patterns import linear
from agent.sandbox.requirements.declared import Declaration, ManifestDeclarations

MAX_TOKENS = 500
MAX_CHARACTERS = 10_000
"""Of one line; splitting it takes more than linear time."""
ONE = frozenset(("-e", "--editable"))
FILES = frozenset(("-r", "--requirement", "--requirements"))
CONSTRAINTS = frozenset(("-c", "--constraint", "--constraints", "--build-constraint"))
EXTRAS = frozenset(("--extra", "--extras", "-E"))
GROUPS = frozenset(("--group", "-G", "-dG", "--with", "--only", "--only-group"))
PACKAGES = frozenset(("--with",))
SKIPPED = frozenset(
    ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--index", "--default-index", "--python", "-p",
     "--python-version", "--only-binary", "--no-binary", "--target", "--prefix", "--timeout", "--retries", "--cache-dir",
     "--project", "--directory", "--no-group", "--no-extra", "--without")
)  # fmt: skip
"""Options whose value names nothing to install."""
INSTALLERS = frozenset(("pip", "pip3"))
_WORDS = linear(r"[\s,]+")


@dataclass
class Asked:
    """``packages`` are requirements, local directories (".", "./lib[x]") among them."""

    extras: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    packages: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    all_extras: bool = False
    all_groups: bool = False


def of_line(line: str) -> Asked:
    """Of a shell line, its parts between ``&&`` and ``;`` read one by one."""
    try:
        tokens = shlex.split(line[:MAX_CHARACTERS].replace(";", " ; ").replace("&&", " && "), comments=True)[:MAX_TOKENS]
    except ValueError:  # a quotation mark without its pair
        return Asked()
    asked, part = Asked(), list[str]()
    for token in [*tokens, ";"]:
        if token in (";", "&&", "||", "|"):
            of_argv(part, asked)
            part = []
        else:
            part.append(token)
    return asked


def of_arguments_of(line: str) -> Asked:
    """Of one line with arguments of ``pip install``: "-r dev.txt", ".[test]", "pytest >= 8 ; python_version > '3'"."""
    asked = Asked()
    if line.startswith("-"):
        name, space, value = line.partition(" ")
        of_arguments([name, value.strip()] if space else [name], asked)
    else:
        asked.packages.append(line)
    return asked


def add(asked: Asked, where: str, into: ManifestDeclarations) -> None:
    """Adds what is asked for to what is declared."""
    into.ask(asked.extras, asked.groups)
    into.always += [Declaration(package, where) for package in asked.packages]
    into.files += asked.files
    into.all_extras = into.all_extras or asked.all_extras
    into.all_groups = into.all_groups or asked.all_groups


def of_argv(argv: Sequence[str], asked: Asked) -> None:
    """Adds what ``argv`` names to ``asked``."""
    words = [word for word in argv if word not in ("python", "python3", "-m", "sudo")]
    if words[:2] in (["uv", "pip"], ["uv", "tool"]) or (words[:1] and words[0] in INSTALLERS):
        at = words.index("install") if "install" in words else len(words)
        of_arguments(words[at + 1 :], asked)
    elif words[:1] == ["uv"] and words[1:2] in (["sync"], ["run"]):
        _options(_before_the_command(words[2:]) if words[1] == "run" else words[2:], asked, with_packages=True)
    elif words[:1] in (["poetry"], ["pdm"]) and words[1:2] in (["install"], ["sync"]):
        _options(words[2:], asked, with_packages=False)


def of_arguments(arguments: Sequence[str], asked: Asked) -> None:
    """Those of ``pip install``."""
    for option, value in _pairs(arguments):
        if option in FILES:
            asked.files.append(value)
        elif option in CONSTRAINTS:
            asked.constraints.append(value)
        elif option in GROUPS:
            asked.groups.add(value)
        elif option in EXTRAS:
            asked.extras.update(_split(value))
        elif option in ("", *ONE) and value and not value.startswith("-"):
            asked.packages.append(value)


def _options(words: Sequence[str], asked: Asked, *, with_packages: bool) -> None:
    for option, value in _pairs(words):
        if option == "--all-extras":
            asked.all_extras = True
        elif option == "--all-groups":
            asked.all_groups = True
        elif option in EXTRAS:
            asked.extras.update(_split(value))
        elif with_packages and option in PACKAGES:
            asked.packages += [name for name in value.split(",") if name]
        elif option in GROUPS:
            asked.groups.update(_split(value))


def _split(value: str) -> list[str]:
    return [name for name in _WORDS.split(value) if name]


def _before_the_command(words: Sequence[str]) -> list[str]:
    """The options of ``uv run``, which end at the first word that is not one nor the value of one."""
    found: list[str] = []
    waiting = False
    for word in words:
        if not word.startswith("-") and not waiting:
            break
        waiting = not waiting and word in EXTRAS | GROUPS | SKIPPED | FILES | CONSTRAINTS
        found.append(word)
    return found


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(option, its value or ""); ("", word) for what is not an option."""
    waiting = list(reversed(words[:MAX_TOKENS]))
    valued = FILES | CONSTRAINTS | EXTRAS | GROUPS | SKIPPED | ONE
    while waiting:
        word = waiting.pop()
        name, is_joined, value = word.partition("=")
        if word.startswith("--") and is_joined:
            yield name, value
        elif word in valued:
            yield word, waiting.pop() if waiting else ""
        elif word[:2] in ("-r", "-c", "-e", "-E", "-G") and not word.startswith("--") and len(word) > 2:
            yield word[:2], word[2:]
        else:
            yield (word, "") if word.startswith("-") else ("", word)
