"""What a stack is. The file format is the TOML of ``catalogue/``; ``store`` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import AgentError
from agent.stacks.globs import matches

NONE = "none"
"""In the place of a stack's id: the rules of no stack."""
CACHES = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"})
"""What tools leave in a starter that someone worked on; never a part of it."""


class UnknownStack(AgentError):
    """A stack id that the catalogue doesn't have. ``hint`` lists those it has."""

    code = "unknown_stack"


@dataclass(frozen=True)
class FormatTool:
    """A formatter: ``argv`` rewrites the files appended to it, ``check`` exits nonzero when they aren't clean.

    ``fallback`` arguments are added where the repository does not configure it: none of ``config`` (``file:mark``) is there.
    ``stands_in_for`` names an earlier tool: this one runs only where that one is not available. A tool that is ``optional`` is
    used where the project has it, and is missed by nobody else.
    """

    name: str
    argv: tuple[str, ...]
    check: tuple[str, ...]
    suffixes: tuple[str, ...]
    config: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    stands_in_for: str = ""
    optional: bool = False

    def wants(self, path: str) -> bool:
        return path.endswith(self.suffixes)


@dataclass(frozen=True)
class Signals:
    """Evidence for a stack, each with a weight: about 10 names it, about 1 only fits it.

    ``words`` are whole words or phrases (``stem*`` also with a suffix, for Turkish). ``languages`` are words that say nothing
    of a framework: they count beside words for a service, and ``web_languages``, which are mostly used for one, unless the task
    is for another kind of program. ``code`` are regular expressions (RE2) over what the text says as it is written, for what
    people quote of a framework: ``@Injectable()``, ``app.MapGet``. ``named_files`` are globs of paths that the text names.
    ``objects`` gives the words after which a word is an everyday verb ("express my thanks"). ``includes`` are the stacks whose
    words are also this one's: Next.js is React too.

    ``files`` are globs over the repository's paths; ``packages`` are names in its manifests (package.json, composer.json,
    requirements.txt, pyproject.toml, *.csproj).
    """

    words: tuple[tuple[str, float], ...] = ()
    languages: tuple[tuple[str, float], ...] = ()
    web_languages: tuple[tuple[str, float], ...] = ()
    code: tuple[tuple[str, float], ...] = ()
    named_files: tuple[tuple[str, float], ...] = ()
    files: tuple[tuple[str, float], ...] = ()
    packages: tuple[tuple[str, float], ...] = ()
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    includes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stack:
    """One entry of the catalogue. Commands are argv tuples, empty where the stack has none.

    ``files_required`` holds globs, with ``|`` between alternatives; ``files_forbidden`` holds globs of files that may not be
    created; ``markers`` are globs of files that only this stack has. ``packages`` are the libraries that belong to the stack
    itself and never count as extra; ``imports_forbidden`` those that belong to another stack (``name/*`` for a scope).
    ``tests`` are the commands that test a project, the first that is available counts; ``test`` is the first of all.
    ``test_files`` are globs of the files that they run; none where any file may be one.
    """

    id: str
    title: str
    language: str
    project_type: str
    package_manager: str
    files_required: tuple[str, ...]
    files_forbidden: tuple[str, ...]
    markers: tuple[str, ...]
    packages: tuple[str, ...]
    imports_forbidden: tuple[str, ...]
    install: tuple[str, ...]
    tests: tuple[tuple[str, ...], ...]
    build: tuple[str, ...]
    lint: tuple[str, ...]
    format: tuple[FormatTool, ...]
    signals: Signals
    prompt_notes: str
    starter: Path | None
    test_files: tuple[str, ...] = ()

    @property
    def test(self) -> tuple[str, ...]:
        return self.tests[0] if self.tests else ()

    def programs(self) -> tuple[str, ...]:
        """The programs of the commands and formatters, each once, in their order."""
        lines = (self.install, *self.tests, self.build, self.lint, *(tool.argv for tool in self.format))
        return tuple(dict.fromkeys(line[0] for line in lines if line))

    def starter_files(self) -> dict[str, str]:
        """The starter as path → text, sorted by path; empty where the stack has none."""
        if self.starter is None:
            return {}
        found = (p for p in self.starter.rglob("*") if p.is_file() and not CACHES.intersection(p.parts))
        texts = {p.relative_to(self.starter).as_posix(): p.read_text(encoding="utf-8") for p in found}
        return dict(sorted(texts.items()))

    def is_marked_by(self, path: str) -> bool:
        return any(matches(glob, path) for glob in self.markers)
