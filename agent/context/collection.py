"""Collects what a prompt tells of a repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.context.contents import read_contents
from agent.context.context_budget import budget_for
from agent.context.guides import MANIFESTS, pages_of, read_guides, rules_of
from agent.context.history import recent_history
from agent.context.listing import list_files
from agent.context.missing_content import absent
from agent.context.reading import read_text
from agent.context.survey import survey
from agent.context.testlayout import SETTINGS, layout_of_tests
from agent.context.tree import tree
from agent.context.view import Interest, View

MAX_LISTED = 2_000
GUESSED = 3
"""The part of the tokens for files that they have before a plan names any, where the model has no tools."""


async def collect_context(root: Path, wanted: Sequence[str] = (), interest: Interest | None = None) -> View:
    """Lists the workdir, finds what the task names, and reads the guides and the files that matter: ``wanted`` (paths that need
    not exist) and those that the task leads to; without an ``interest`` only ``wanted``."""
    interest = interest or Interest(again=True)
    files = await list_files(root)
    budget = budget_for(interest.window, tools=interest.tools)
    found = await survey(root, files, wanted, interest, budget)
    rules = rules_of(files, found.focus)
    pages = [path for path in pages_of(files) if path not in found.focus]
    guides, begun = read_guides(root, rules, pages, budget, tools=interest.tools)
    # with tools, what they say is in the project's profile
    manifests = [] if interest.tools else [path for path in MANIFESTS if path in set(files)]
    paths = [path for path in dict.fromkeys((*found.focus, *manifests)) if path not in guides]
    # before a plan names them, the files that words lead to are guesses
    tokens = budget.files if wanted or interest.tools else budget.files // GUESSED
    contents = read_contents(root, paths, found.near, found.definitions, tokens, tools=interest.tools)
    explaining = {path: text for path, text in contents.texts.items() if path in manifests}
    more = "… `list` shows what is in a folder." if interest.tools else ""
    view = View(
        files=files[:MAX_LISTED],
        texts=guides | explaining | contents.texts,
        hidden=contents.hidden,
        tree="\n".join(tree(files, budget.listing, found.focus, more)),
        guides=begun,
        outlines=contents.outlines,
        resolved=found.resolved,
    )
    if interest.again:
        return view
    settings = {path: text for path in SETTINGS if path in set(files) and (text := read_text(root, path))}
    near = (*interest.words, *found.focus)
    return replace(
        view,
        map=found.map,
        tests=layout_of_tests(files, settings, command=interest.test, near=near, tokens=budget.tests),
        history=await recent_history(root, found.focus, files, budget.history, subjects=not interest.tools),
        absent=absent(root, files),
    )
