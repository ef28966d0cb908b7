"""Log lines for machines in production (JSON) and for people elsewhere. The request id is on every line of a request."""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog

from .. import env
from .request_id import current_request_id


def _request_id(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if request_id := current_request_id():
        event["request_id"] = request_id
    return event


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


def formatter() -> logging.Formatter:
    renderer: Any = structlog.processors.JSONRenderer() if env.PRODUCTION else structlog.dev.ConsoleRenderer(colors=False)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _request_id,
    ]
    return ScrubbingFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info, renderer],
    )
