from __future__ import annotations

import pytest

from ..conftest import Tenant
from .conversation import Conversation, Story


@pytest.fixture
def talk(story: Story, tenant: Tenant) -> Conversation:
    return Conversation(story, tenant)
