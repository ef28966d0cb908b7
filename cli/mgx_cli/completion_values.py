"""Values that the shell completes: runs, tasks, stacks, models, projects. Asked of the server, briefly, and never an error.

Nothing is started for it: without a server that answers at once there are no values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from mgx_cli.errors import CLIError

SECONDS = 2.0
"""How long the shell may wait for an answer."""
MOST = 50
_MORE_THAN_WORDS = re.compile(r"[^\w #.,/@+-]")
Value = tuple[str, str]


def runs(context: typer.Context, incomplete: str) -> list[Value]:
    from mgx_cli.ids import short
    from mgx_cli.output import one_line

    def found(api: Any) -> Iterator[Value]:
        yield "@last", "the last run of this repository"
        for row in api.items("/api/runs", most=MOST):
            yield short(row["id"]), one_line(f"#{row.get('run_number')} {row.get('status')} {row.get('task_name') or ''}", 60)

    return _values(context, incomplete, found)


def tasks(context: typer.Context, incomplete: str) -> list[Value]:
    return _values(context, incomplete, _rows("/api/tasks", "id", "name"))


def stacks(context: typer.Context, incomplete: str) -> list[Value]:
    return [*_values(context, incomplete, _rows("/api/stacks", "id", "title")), *_starting(incomplete, [("none", "no stack")])]


def models(context: typer.Context, incomplete: str) -> list[Value]:
    return _values(context, incomplete, _rows("/api/models", "name", "model"))


def projects(context: typer.Context, incomplete: str) -> list[Value]:
    return _values(context, incomplete, _rows("/api/projects", "slug", "name"))


def _rows(path: str, name: str, text: str) -> Callable[[Any], Iterator[Value]]:
    from mgx_cli.output import one_line

    def found(api: Any) -> Iterator[Value]:
        answer = api.get(path, {} if path == "/api/stacks" else {"limit": MOST})
        for row in answer["items"]:
            yield one_line(row[name]), one_line(row.get(text) or "", 60)

    return found


def _values(context: typer.Context, incomplete: str, ask: Callable[[Any], Iterator[Value]]) -> list[Value]:
    from mgx_cli import embedded
    from mgx_cli.api import Api
    from mgx_cli.config import Options, configured_server

    given = context.find_root().params
    options = Options(given.get("server") or "", given.get("workspace") or "")
    try:
        server = configured_server(options, Path.cwd())
        if server is None and embedded.state() is not None:
            server = embedded.server(options)
        return _starting(incomplete, ask(Api(server, timeout=SECONDS))) if server else []
    except (CLIError, KeyError, TypeError):  # a prompt has no place for an error
        return []


def _starting(incomplete: str, values: Any) -> list[Value]:
    """Names of tasks and models are anybody's text, and shells evaluate some of what they are given to complete: what a shell
    could take for more than a word is left out of a text, and a value that has it is not offered."""
    return [
        (value, _MORE_THAN_WORDS.sub(" ", text)) for value, text in values if value.startswith(incomplete) and _is_plain(value)
    ]


def _is_plain(value: str) -> bool:
    return not _MORE_THAN_WORDS.search(value)
