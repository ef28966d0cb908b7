"""What the server writes to its log in production: real lines, each a JSON object."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from mgx_project import env
from mgx_project.common import logs


class LogLines:
    def __init__(self) -> None:
        self.stream = io.StringIO()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["event"] == event]


@contextmanager
def logged() -> Iterator[LogLines]:
    lines = LogLines()
    with patch.object(env, "PRODUCTION", True):
        handler = logging.StreamHandler(lines.stream)
        handler.setFormatter(logs.formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
