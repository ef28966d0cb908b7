from __future__ import annotations

from pathlib import Path

import pytest

from agent.runtime import bootstrap
from tests.agent.harness import make_repository

SMALL_REPOSITORY = {
    "README.md": "# Shop\n",
    "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n",
    "shop/__init__.py": "",
    "shop/prices.py": "def total(prices):\n    return sum( prices )   # as it was\n",
    "shop/names.py": "def greet(name):\n    return 'Hi ' + name\n",
    "tests/test_prices.py": "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
}


@pytest.fixture(scope="session", autouse=True)
def metagpt(tmp_path_factory: pytest.TempPathFactory) -> None:
    bootstrap(tmp_path_factory.mktemp("metagpt"))


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    root = tmp_path / "workdir"
    root.mkdir()
    return root


@pytest.fixture
def repository(workdir: Path) -> Path:
    return make_repository(workdir, SMALL_REPOSITORY)
