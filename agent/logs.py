"""Where the log of the agent's own commands goes. In a server `mgx_project.common.logs` decides that."""

from __future__ import annotations

import logging
import sys

import structlog


def log_to_stderr() -> None:
    """stdout is for a command's result. Nothing is changed where whoever runs us has said where the log goes."""
    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
