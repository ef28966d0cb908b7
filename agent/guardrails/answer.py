"""What the checks look at: the files of the answer, next to those of the tree."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from agent.guardrails.declared import Declared, declared_in
from agent.guardrails.imports import modules_of
from agent.guardrails.result import SyntaxVerdict
from agent.patch import FileBlock, unsafe_reason
from agent.ports import TaskSpec
from agent.stacks import Stack

SKIPPED = frozenset({".git", ".mgx", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache", ".ruff_cache"})
MAX_LISTED = 50_000
MAX_BYTES = 8 << 20
"""Of a file that is looked at beside the answer; a larger one counts as not being text."""


class CheckedAnswer:
    """``blocks`` are the files the model sent, in order; ``existing`` the paths of the tree before them."""

    def __init__(self, blocks: Sequence[FileBlock], root: Path, stack: Stack, spec: TaskSpec, gone: Sequence[str] = ()) -> None:
        self.gone = gone
        """Paths that are there before the answer and not after it."""
        self.blocks = blocks
        self.root = root
        self.stack = stack
        self.spec = spec
        self.verdicts: Sequence[SyntaxVerdict] | None = None
        """What the check of the syntax found; None before it was done."""

    @cached_property
    def safe(self) -> list[FileBlock]:
        """The blocks whose path may be used at all."""
        return [block for block in self.blocks if unsafe_reason(block.path) is None]

    @cached_property
    def existing(self) -> frozenset[str]:
        paths: set[str] = set()
        for directory, directories, files in os.walk(self.root):
            directories[:] = [name for name in directories if name not in SKIPPED]
            here = os.path.relpath(directory, self.root)
            paths.update(os.path.normpath(os.path.join(here, name)) for name in files)
            if len(paths) > MAX_LISTED:
                break
        return frozenset(paths)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths of the tree once the answer is applied."""
        return self.existing | {block.path for block in self.safe}

    @cached_property
    def created(self) -> list[FileBlock]:
        return [block for block in self.safe if block.path not in self.existing]

    @cached_property
    def modules(self) -> frozenset[str]:
        """The names by which the project's own Python files can be imported once the answer is applied."""
        return modules_of(self.paths)

    @cached_property
    def modules_before(self) -> frozenset[str]:
        return modules_of(self.existing)

    @cached_property
    def declared(self) -> Declared:
        """What the manifests declare once the answer is applied."""
        return declared_in(self.paths, self.text_of)

    @cached_property
    def declared_before(self) -> Declared:
        return declared_in(self.existing, self.text_before)

    @cached_property
    def _contents(self) -> dict[str, str]:
        return {block.path: block.content for block in reversed(self.safe)}

    def text_of(self, path: str) -> str | None:
        """A file's text after the answer; None when it is missing, not a regular file, or not text."""
        return self._contents[path] if path in self._contents else self.text_before(path)

    def text_before(self, path: str) -> str | None:
        """A file's text in the tree as it is now."""
        found = self.root / path
        if path not in self.existing or found.is_symlink() or not found.is_file() or found.stat().st_size > MAX_BYTES:
            return None
        try:
            return found.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return None


class AppliedChange(CheckedAnswer):
    """A change that the tree has already. ``before`` maps each of its paths to the text that was there, None where none was."""

    def __init__(
        self, blocks: Sequence[FileBlock], root: Path, stack: Stack, spec: TaskSpec, before: Mapping[str, str | None]
    ) -> None:
        kept = {block.path for block in blocks}
        super().__init__(blocks, root, stack, spec, [path for path in before if path not in kept])
        self._before = before

    @cached_property
    def existing(self) -> frozenset[str]:
        created = {path for path, text in self._before.items() if text is None}
        return (super().existing - created) | (self._before.keys() - created)

    def text_before(self, path: str) -> str | None:
        return self._before[path] if path in self._before else super().text_before(path)
