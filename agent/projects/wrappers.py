"""Takes off what would make or enter an environment of its own (``uv run``, ``poetry run``, ``npx``): the command is run in one
that is made already."""

from __future__ import annotations

from collections.abc import Mapping

from agent.projects.runners import after_coverage, program_of

MAX_WRAPPERS = 5

_RUN: Mapping[str, frozenset[str]] = {
    "uv": frozenset((
        "--group", "--only-group", "--no-group", "--extra", "--no-extra", "--package", "--with", "--with-editable",
        "--with-requirements", "--python", "-p", "--env-file", "--directory", "--project", "--index", "--index-url",
        "--default-index", "--resolution", "--config-file", "--color", "-m", "--module",
    )),
    "poetry": frozenset(("-C", "--directory", "-P", "--project")),
    "pdm": frozenset(("-p", "--project")),
    "pipenv": frozenset(("--python",)),
    "rye": frozenset(),
}  # fmt: skip
"""Program with a ``run`` → its options that take a value."""
_EXECUTE: Mapping[tuple[str, ...], frozenset[str]] = {
    ("uvx",): frozenset(("--with", "--python", "-p", "--from", "--index")),
    ("uv", "tool", "run"): frozenset(("--with", "--python", "-p", "--from", "--index")),
    ("pipx", "run"): frozenset(("--spec", "--python")),
    ("npx",): frozenset(("-p", "--package")),
    ("bunx",): frozenset(),
    ("pnpm", "exec"): frozenset(),
    ("pnpm", "dlx"): frozenset(),
    ("yarn", "exec"): frozenset(),
    ("yarn", "dlx"): frozenset(),
    ("npm", "exec"): frozenset(),
    ("corepack",): frozenset(),
    ("time",): frozenset(),
}


def unwrapped(words: tuple[str, ...], *, keep_coverage: bool = True) -> tuple[str, ...]:
    """The command inside; () where a wrapper runs nothing. ``coverage run`` goes where the project does not declare
    coverage."""
    for _ in range(MAX_WRAPPERS):
        inner = _inside(words)
        if inner is None and not keep_coverage:
            inner = _without_coverage(words)
        if inner is None:
            break
        words = inner
    return words


def _without_coverage(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """``python -b -m coverage run -m pytest`` → ``python -b -m pytest``; None where coverage is not started."""
    options: tuple[str, ...] = ()
    if words[:1] == ("python",) and "-m" in words:
        at = words.index("-m")
        options, words = words[1:at], words[at + 1 :]
    inner = after_coverage(words) if words[:2] == ("coverage", "run") else ()
    return ("python", *options, *inner[1:]) if inner else None


def _inside(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """None where no wrapper is around ``words``."""
    if not words:
        return None
    program = program_of(words[0])
    if (
        program != words[0]
        and "/bin/" in f"/{words[0]}"
        and not words[0].startswith(("vendor/", "bin/", "./bin/", "./vendor/"))
    ):
        return (program, *words[1:])
    if program == "python" and words[0] != "python":
        return ("python", *words[1:])
    if words[0] == "./manage.py" or words[0] == "manage.py":
        return ("python", "manage.py", *words[1:])
    if program in _RUN:
        return _of_run(program, words)
    for start, valued in _EXECUTE.items():
        if words[: len(start)] == start:
            inner = _after_options(words[len(start) :], valued)
            return (inner[0].partition("@")[0] or inner[0], *inner[1:]) if inner else ()
    return None


def _of_run(program: str, words: tuple[str, ...]) -> tuple[str, ...] | None:
    valued = _RUN[program]
    rest = _after_options(words[1:], valued)
    if rest[:1] != ("run",):
        return None
    if program == "uv" and {"-m", "--module"} & set(words[1 : len(words) - len(_after_options(rest[1:], valued))]):
        at = next(at for at, word in enumerate(words) if word in ("-m", "--module"))
        return ("python", "-m", *words[at + 1 :])
    inner = _after_options(rest[1:], valued)
    return ("python", *inner) if inner and inner[0].endswith(".py") else inner


def _after_options(words: tuple[str, ...], valued: frozenset[str]) -> tuple[str, ...]:
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return words[at + 1 :]
        at += 2 if words[at] in valued else 1
    return words[at:]
