"""The readers of each ecosystem: a directory's files and its path to the part that it is, or None."""

from __future__ import annotations

from collections.abc import Callable

from agent.projects import python
from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectPart

Reader = Callable[[ProjectFiles, str], ProjectPart | None]
ECOSYSTEMS: tuple[Reader, ...] = (python.part,)
"""Static sites last: with anything else in the same directory, its pages are that project's."""
