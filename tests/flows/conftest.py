"""What whole stories are told about: the session's server (`tests/support/whole_server.py`) and a small repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..support.patience import SOON
from ..support.team_script import script
from ..support.whole_server import CHECKOUT, CODE, NEW, Server, git

__all__ = ["CHECKOUT", "CODE", "NEW", "Server", "git"]


@pytest.fixture(autouse=True)
def usual_answers(server: Server) -> None:
    server.answer(script(code=CODE, files=["shop/prices.py"]))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small repository with history and a test."""
    path = tmp_path / "shop"
    files = {
        "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n",
        "shop/__init__.py": "",
        "shop/prices.py": "def total(prices):\n    return sum(prices)\n",
        "tests/test_prices.py": "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
    }
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    git("init", "-q", "-b", "main", cwd=path)
    git("add", "-A", cwd=path)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first", cwd=path)
    return path


MAKE_TENANT = """
from workspaces.models import Role, User
from workspaces.services import create_workspace
from workspaces.tokens import create_api_token
user = User.objects.create_user(username="{slug}", password="correct horse battery")
workspace = create_workspace(owner=user, name="{slug}", slug="{slug}")
print("token=" + create_api_token(workspace_id=workspace.pk, user=user, name="test", role=Role.OWNER)[1])
"""


def foreign_token(server: Server, slug: str) -> str:
    """The token of another tenant, made as an operator would make it."""
    argv = [sys.executable, "-m", "mgx_project.embedded", "manage", "--data", str(server.data), "shell", "-v", "0", "-c"]
    done = subprocess.run(
        [*argv, MAKE_TENANT.format(slug=slug)], cwd=CHECKOUT, env=server.env, capture_output=True, text=True, timeout=SOON
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("token=")[2].split()[0]
