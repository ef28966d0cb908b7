from __future__ import annotations

from pathlib import Path

import pytest

from agent.runtime import bootstrap


@pytest.fixture(scope="session", autouse=True)
def metagpt(tmp_path_factory: pytest.TempPathFactory) -> None:
    bootstrap(tmp_path_factory.mktemp("metagpt"))


@pytest.fixture(scope="session")
def cache(package_cache: Path) -> Path:
    """Where ``python -m evals`` has its packages when ``package_cache`` is XDG_CACHE_HOME."""
    return package_cache / "mgx"
