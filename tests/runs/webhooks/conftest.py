from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.github import GitHub

from ..conftest import Tenant
from .conversation import Conversation, Story, linked


@pytest.fixture
def story(tenant: Tenant, github_server: GitHub) -> Iterator[Story]:
    """A linked repository. In the end GitHub has refused nothing that we asked of it."""
    yield linked(github_server, tenant)
    assert not github_server.state.refusals


@pytest.fixture
def talk(story: Story, tenant: Tenant) -> Conversation:
    return Conversation(story, tenant)
