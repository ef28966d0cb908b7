"""The readers of each ecosystem: a directory's files and its path to the part that it is, or None."""

from __future__ import annotations

from collections.abc import Callable

from agent.projects import dotnet, go, java, native, node, php, python, ruby, rust, static
from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectPart

Reader = Callable[[ProjectFiles, str], ProjectPart | None]
ECOSYSTEMS: tuple[Reader, ...] = (
    python.part, node.part, go.part, rust.part, java.part, php.part, ruby.part, dotnet.part, native.part, static.part,
)  # fmt: skip
"""Static sites last: with anything else in the same directory, its pages are that project's."""
