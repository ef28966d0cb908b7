"""Which Python packages the tests of a repository need, wherever projects say it: a reader for each format."""

from __future__ import annotations

from agent.sandbox.requirements.collect import collect
from agent.sandbox.requirements.model import MAX_LINES, Requirements
from agent.sandbox.requirements.requirement_files import MAX_FILES

__all__ = ["MAX_FILES", "MAX_LINES", "Requirements", "collect"]
