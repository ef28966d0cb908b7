"""One GitHub for all tests of this room; each makes repositories of its own in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from repositories.hosting.base import HostingClient
from repositories.hosting.github.client import GitHubClient
from tests.support.github import USERS, GitHub

NUMBERS = count(1)
FILES = {"README.md": "# shop\n", "shop/prices.py": "def total(prices):\n    return sum(prices)\n"}


@pytest.fixture
def github(github_server: GitHub) -> Iterator[GitHub]:
    yield github_server
    assert not github_server.state.refusals, "answers that were prepared and never asked for"


@pytest.fixture
def repo(github: GitHub) -> str:
    """octocat/shop-N, private; dev may write to it, stranger sees nothing of it."""
    name = f"octocat/shop-{next(NUMBERS)}"
    github.repository(name, FILES, private=True, access={"dev": "write"})
    return name


HostOf = Callable[..., HostingClient]


@pytest.fixture
def host(github: GitHub, repo: str) -> HostOf:
    """A host of ``repo`` as one of its people: ``host("dev")``."""

    def make(login: str = "octocat", name: str = repo) -> HostingClient:
        return GitHubClient(github.api_url, name, token=USERS.get(login, login))

    return make
