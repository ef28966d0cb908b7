"""The part of a session's opening that tells of the repository, as sections in their order.

The opening is sent again with every call, so what changes least comes first: a provider's cache of prompts then holds from call
to call and from task to task. What depends on the task comes last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.context.view import View


@dataclass(frozen=True)
class Section:
    """``name`` is the block's (``agent.prompt_blocks.block``), ``title`` the line before it, ``text`` what the block holds.
    ``of_task``: it would be another one for another task."""

    name: str
    title: str
    text: str
    of_task: bool = False


def sections(view: View, facts: Sequence[str]) -> list[Section]:
    """Those that have something to say. ``facts`` are lines of what the repository is (``ProjectProfile.told``)."""
    return [section for section in (*_stable(view, facts), *_of_task(view)) if section.text]


def _stable(view: View, facts: Sequence[str]) -> Iterator[Section]:
    yield from (content(path, view.texts[path]) for path in view.explaining())
    yield from (Section("guide", f"The beginning of {path}:", text) for path, text in view.guides.items())
    yield Section("project", "The repository, by its own files:", "\n".join(filter(None, (*facts, view.tests, view.absent))))
    yield Section("repository_files", "Its files:", view.tree or "\n".join(view.files))
    yield Section("recent_history", "Recent commits:", view.history)


def _of_task(view: View) -> Iterator[Section]:
    title = "Definitions that may matter, by line:"
    yield Section("repository_map", title, view.map, of_task=True)
    yield Section("named", "What the task names:", view.resolved, of_task=True)
    explaining = set(view.explaining())
    yield from (content(path, text, of_task=True) for path, text in view.texts.items() if path not in explaining)
    yield from (outline(path, text) for path, text in view.outlines.items())
    hidden = "\n".join(f"{path}: {reason}" for path, reason in view.hidden.items())
    yield Section("hidden_files", "Not shown, so they must not be rewritten:", hidden, of_task=True)


def content(path: str, text: str, *, of_task: bool = False) -> Section:
    """A whole file."""
    return Section("file", f"Content of {path}:", text, of_task)


def outline(path: str, text: str) -> Section:
    """What is shown of a file that is long."""
    return Section("outline", f"Parts of {path}; never rewrite it as a whole:", text, of_task=True)
