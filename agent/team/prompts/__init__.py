"""The team's prompts, one Markdown file each. ``VERSION`` is pinned per run: raise it with any change of their text."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

VERSION = "11"


def render(name: str, **values: str) -> str:
    """The prompt ``name`` with its ``$values`` filled in. A value is never expanded again; a missing one is a KeyError."""
    return _template(name).substitute(values).strip()


@cache
def _template(name: str) -> Template:
    return Template((Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8"))
