"""Hosting services as the contract tests use them: a `Forge` for each provider, over a real server.

For a new provider: a module here, a line in ``FORGES``, and a fixture with its server beside `toy_server` in
`tests/conftest.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import Forge
from .github import GitHubForge
from .toy import ToyForge

FORGES: dict[str, tuple[str, Callable[[Any], Forge]]] = {
    "github": ("github_server", GitHubForge),
    "toy": ("toy_server", ToyForge),
}
"""Name → the fixture that is its server, and what makes a forge of that."""
