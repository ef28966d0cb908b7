"""Log lines for machines in production (JSON) and for people elsewhere, all written by structlog.

Code logs an event and its facts: ``log.warning("lease lost", fence=3)``. What a request, a socket, an actor's message or a
phase of a run is about (`request_id`, `workspace_id`, `task_id`, `run_id` …) is bound once where it begins, by
`structlog.contextvars`, and stands on every line until it ends; lines of libraries, which use `logging`, have it too.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from uuid import UUID

import structlog

from .. import env
from . import traces


def _ids_as_text(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name, value in event.items():
        if isinstance(value, UUID):
            event[name] = str(value)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _ids_as_text,
    traces.add_trace_id,
]
"""For our own lines and for those of libraries."""

_SECRET = re.compile(
    r"(?i)(\b(?:ticket|token|access|refresh|password|secret)=|\bmgx\.bearer\.|\bBearer\s+)[^\s&\"'<>]+"
    r"|\bmgxi?_[\w-]{20,}"
)
"""Credentials in log lines: a ticket or token in a query string or header, and our own tokens anywhere."""


def scrubbed(line: str) -> str:
    """``line`` without credentials. The ASGI servers log the paths of sockets with their query."""
    return _SECRET.sub(lambda found: f"{found[1] or ''}[hidden]", line)


class ScrubbingFormatter(structlog.stdlib.ProcessorFormatter):
    """Last of all, after tracebacks have become text."""

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record))


def configure() -> None:
    """Makes structlog's loggers write through `logging`, whose settings say what is shown and where."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def formatter() -> logging.Formatter:
    """That of `settings.LOGGING`."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    machine: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    rendering = machine if env.PRODUCTION else [plain]
    return ScrubbingFormatter(
        foreign_pre_chain=SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
    )
