"""The team's prompts: a directory of Markdown files for each version that is kept, the last two at least.

A run is made to its end with the version that it began with (``using``), or its journal would not fit what is asked. A
changed text is a new directory, named in `agent.prompt_versions`: copy the newest and change it there. One that was released
never changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Template

from agent.prompt_versions import KEPT, VERSION

_version: ContextVar[str] = ContextVar("prompt_version", default=VERSION)


@contextmanager
def using(version: str) -> Iterator[None]:
    """Within it, this task and those that it starts are given the prompts of ``version``, one of ``KEPT``."""
    if version not in KEPT:
        raise ValueError(f"version {version} of the prompts is not one of {', '.join(KEPT)}")
    token = _version.set(version)
    try:
        yield
    finally:
        _version.reset(token)


def version() -> str:
    """The one that this task uses."""
    return _version.get()


def render(name: str, **values: str) -> str:
    """The prompt ``name`` with its ``$values`` filled in. A value is never expanded again; a missing one is a KeyError."""
    return _template(version(), name).substitute(values).strip()


def render_if_there(name: str, **values: str) -> str:
    """As ``render``; "" in a version that does not have this prompt."""
    return render(name, **values) if (_folder(version()) / f"{name}.md").is_file() else ""


def _folder(of: str) -> Path:
    return Path(__file__).parent / of


@cache
def _template(of: str, name: str) -> Template:
    return Template((_folder(of) / f"{name}.md").read_text(encoding="utf-8"))
