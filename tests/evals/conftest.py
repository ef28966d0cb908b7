from __future__ import annotations

from pathlib import Path

import pytest

from agent.runtime import bootstrap


@pytest.fixture(scope="session", autouse=True)
def metagpt(tmp_path_factory: pytest.TempPathFactory) -> None:
    bootstrap(tmp_path_factory.mktemp("metagpt"))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the packages that cases need, so that each set is fetched once."""
    return tmp_path_factory.mktemp("eval-cache")
