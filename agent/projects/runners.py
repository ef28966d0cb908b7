"""Which programs are known to test, lint or format, by the words of a command. What is not here is never taken from a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.projects.narrowing import skips_tests

Purpose = Literal["test", "lint", "format"]


@dataclass(frozen=True)
class KnownCommand:
    """``runner`` is the name of who does it (as in ``ProjectPart.runner``); ``targets`` are the words that say on what."""

    purpose: Purpose
    runner: str
    ecosystem: str
    targets: tuple[str, ...] = ()


NEVER = frozenset({
    "--collect-only", "--co", "--debugger", "--fixtures", "--force-regen", "--help", "--ipdb", "--lf", "--last-failed",
    "--list", "--listTests", "--looponfail", "--markers", "--pdb", "--regen-all", "--rewrite", "--setup-plan",
    "--snapshot-update", "--sw",
    "--stepwise", "--trace", "--ui", "--update", "--update-snapshot", "--update-snapshots", "--updateSnapshot", "--version",
    "--watch", "--watchAll", "-h", "--pyargs",
})  # fmt: skip
"""Options of commands that watch, list, stop to be asked, or write what the tests compare with; ``--pyargs`` tests an installed
package instead of the tree."""
BUNDLED = ("bundle", "exec")
"""Runs a program of Ruby with the gems of the Gemfile: part of the command, not a wrapper around it."""
_VALUE = frozenset({"-k", "-m", "-n", "-c", "-p", "-o", "-W", "-r", "-j", "-l"})
"""Short options whose value is a word of its own."""
_FLAGS = frozenset({
    "--all-files", "--branch", "--buffer", "--check", "--diff", "--doctest-modules", "--exitfirst", "--failfast",
    "--fix", "--full-trace",
    "--keepdb", "--locals", "--pre", "--quiet", "--release", "--run", "--runInBand", "--showlocals", "--strict",
    "--strict-config", "--strict-markers", "--verbose", "--workspace",
})  # fmt: skip
"""Long options that take no value; the word after any other is its value, and not what is tested."""
_VALUE_OF_UNITTEST = frozenset({"-s", "-t", "-p", "-k"})

_TESTS: Mapping[tuple[str, ...], tuple[str, str]] = {
    ("pytest",): ("pytest", "python"),
    ("py.test",): ("pytest", "python"),
    ("python", "-m", "pytest"): ("pytest", "python"),
    ("python", "-m", "unittest"): ("unittest", "python"),
    ("python", "manage.py", "test"): ("django", "python"),
    ("python", "-m", "django"): ("django", "python"),
    ("django-admin", "test"): ("django", "python"),
    ("node", "--test"): ("node", "node"),
    ("vitest",): ("vitest", "node"),
    ("jest",): ("jest", "node"),
    ("mocha",): ("mocha", "node"),
    ("ava",): ("ava", "node"),
    ("tap",): ("tap", "node"),
    ("go", "test"): ("go", "go"),
    ("gotestsum",): ("go", "go"),
    ("cargo", "test"): ("cargo", "rust"),
    ("cargo", "nextest", "run"): ("nextest", "rust"),
    ("mvn", "test"): ("maven", "java"),
    ("mvnw", "test"): ("maven", "java"),
    ("mvn", "verify"): ("maven", "java"),
    ("mvnw", "verify"): ("maven", "java"),
    ("gradle", "test"): ("gradle", "java"),
    ("gradlew", "test"): ("gradle", "java"),
    ("gradle", "check"): ("gradle", "java"),
    ("gradlew", "check"): ("gradle", "java"),
    ("phpunit",): ("phpunit", "php"),
    ("pest",): ("pest", "php"),
    ("php", "artisan", "test"): ("phpunit", "php"),
    ("rspec",): ("rspec", "ruby"),
    ("rake", "test"): ("minitest", "ruby"),
    ("rails", "test"): ("minitest", "ruby"),
    ("dotnet", "test"): ("dotnet", "dotnet"),
    ("ctest",): ("ctest", "native"),
}
_LINTERS: Mapping[tuple[str, ...], str] = {
    ("ruff", "check"): "python", ("flake8",): "python", ("pylint",): "python", ("mypy",): "python", ("pyright",): "python",
    ("basedpyright",): "python", ("pydocstyle",): "python", ("pyflakes",): "python", ("pycodestyle",): "python", ("ty",
    "check"): "python",
    ("eslint",): "node", ("biome",): "node", ("tsc",): "node", ("stylelint",): "node", ("oxlint",): "node",
    ("standard",): "node", ("xo",): "node",
    ("golangci-lint", "run"): "go", ("go", "vet"): "go", ("staticcheck",): "go", ("cargo", "clippy"): "rust",
    ("rubocop",): "ruby", ("phpstan",): "php", ("psalm",): "php", ("phpcs",): "php",
}  # fmt: skip
_FORMATTERS: Mapping[tuple[str, ...], str] = {
    ("ruff", "format"): "python", ("black",): "python", ("isort",): "python", ("yapf",): "python", ("autopep8",): "python",
    ("prettier",): "node", ("gofmt",): "go", ("goimports",): "go", ("cargo", "fmt"): "rust", ("dotnet", "format"): "dotnet",
    ("php-cs-fixer",): "php", ("pint",): "php",
}  # fmt: skip
_CHECKING = frozenset(
    {"--check", "--check-only", "-c", "--diff", "-d", "--list-different", "-l", "--verify-no-changes", "--dry-run"}
)
"""Options by which a formatter only looks. ``-c`` and ``-l`` mean it for isort and prettier, and other things elsewhere."""
_PYTHON_PROGRAMS = ("python", "python3", "py", "pypy3")
WHOLE_PROJECT = {
    ("npm", "test"): "node", ("npm", "t"): "node", ("pnpm", "test"): "node", ("yarn", "test"): "node", ("bun", "test"): "node",
    ("composer", "test"): "php", ("make", "check"): "native",
}  # fmt: skip
"""Scripts of the project itself, which its own ecosystem looks into."""


def program_of(word: str) -> str:
    """``.venv/bin/pytest`` → ``pytest``, ``python3.12`` → ``python``, ``./manage.py`` as it is."""
    name = word.rpartition("/")[2] if word.startswith(("./", "/")) or "bin/" in word else word
    if name in _PYTHON_PROGRAMS or (name.startswith("python3.") and name[8:].isdigit()):
        return "python"
    return name.removesuffix(".exe")


def known_command(words: Sequence[str]) -> KnownCommand | None:
    """What the command is for, by its program and its options; None where it is not known or not wanted (``NEVER``)."""
    if not words:
        return None
    bare = tuple(words[2:]) if tuple(words[:2]) == BUNDLED and len(words) > 2 else tuple(words)
    plain = (program_of(bare[0]), *bare[1:])
    options = {word.split("=", 1)[0] for word in plain[1:]}
    if options & NEVER or skips_tests(plain):
        return None
    for length in (3, 2, 1):
        start = plain[:length]
        if len(start) < length:
            continue
        if start in _TESTS:
            runner, ecosystem = _TESTS[start]
            if start == ("python", "-m", "django") and plain[3:4] != ("test",):
                return None
            return KnownCommand("test", runner, ecosystem, _targets(plain[length:], runner))
        if start in WHOLE_PROJECT:
            return KnownCommand("test", "", WHOLE_PROJECT[start], ())
        if start in _LINTERS:
            return KnownCommand("lint", " ".join(start), _LINTERS[start], _targets(plain[length:], ""))
        if start in _FORMATTERS:
            name = " ".join(start)
            return KnownCommand(_only_looks(name, options), name, _FORMATTERS[start], _targets(plain[length:], ""))
    return _by_position(plain)


def _by_position(plain: tuple[str, ...]) -> KnownCommand | None:
    """Programs whose subcommand may stand after options: ``mvn -B test``, ``go -C dir test``, ``python -W error -m pytest``."""
    program = plain[0]
    words = [word for word in plain[1:] if not word.startswith("-")]
    if program in ("mvn", "mvnw", "gradle", "gradlew"):
        goal = next((word for word in words if word in ("test", "verify", "check", "build")), None)
        return KnownCommand("test", "maven" if program.startswith("mvn") else "gradle", "java") if goal else None
    if program == "python" and "-m" in plain[1:-1]:
        at = plain.index("-m")
        if at > 1:  # options of Python itself: ``python -b -W always -m pytest``
            return known_command(("python", *plain[at:]))
        found = known_command(plain[2:])
        is_module = found is not None and found.ecosystem == "python" and (found.purpose != "test" or plain[2] == "coverage")
        return found if is_module else None
    if plain[:2] == ("coverage", "run"):
        inner = after_coverage(plain)
        return known_command(inner) if inner else None
    return None


def after_coverage(words: Sequence[str]) -> tuple[str, ...]:
    """``coverage run --branch -m pytest -q`` → ``python -m pytest -q``; () where it runs nothing."""
    at = 2
    while at < len(words) and words[at].startswith("-") and words[at] != "-m":
        takes = words[at] in ("--source", "--omit", "--include", "--rcfile", "--data-file", "--concurrency", "--context")
        at += 2 if takes else 1
    return ("python", *words[at:]) if at < len(words) else ()


def _only_looks(name: str, options: set[str]) -> Purpose:
    looking = options & _CHECKING
    if name not in ("isort", "prettier"):
        looking -= {"-c", "-l"}
    return "lint" if looking else "format"


def _targets(words: Sequence[str], runner: str) -> tuple[str, ...]:
    found, at = [], 0
    if runner == "unittest" and words[:1] == ("discover",):
        return ()
    while at < len(words):
        if _takes_value(words[at], runner):
            at += 1
        elif not words[at].startswith("-"):
            found.append(words[at])
        at += 1
    return tuple(found)


def _takes_value(option: str, runner: str) -> bool:
    if option.startswith("--"):
        return "=" not in option and not option.startswith("--no-") and option not in _FLAGS
    return option in (_VALUE_OF_UNITTEST if runner == "unittest" else _VALUE)
