"""What whole stories are told about: the session's server (`tests/support/whole_server.py`) and a small repository."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..support.patience import SOON
from ..support.team_script import script
from ..support.whole_server import CHECKOUT, CODE, NEW, Server, git

__all__ = ["Accounts", "CHECKOUT", "CODE", "NEW", "Server", "git"]


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


PASSWORD = "correct horse battery"
MAKE_ACCOUNTS = """
import json, uuid
from django.contrib.auth.hashers import make_password
from workspaces.models import Role, User
from workspaces.services import create_workspace
from workspaces.tokens import create_api_token
hashed = make_password("{password}")  # takes long, as it should, and may be the same for all
def make(own):
    name = "ada-" + uuid.uuid4().hex[:8]
    user = User.objects.create(username=name, password=hashed)
    if not own:
        return [name, ""]
    workspace = create_workspace(owner=user, name=name, slug=name)
    return [name, create_api_token(workspace_id=workspace.pk, user=user, name="test", role=Role.OWNER)[1]]
print("accounts=" + json.dumps([make(own=number % 2 == 1) for number in range({count})]))
"""
AT_ONCE = 6
"""To import Django for a single account takes longer than all these accounts."""


@dataclass(frozen=True)
class Account:
    """Of a server, with `PASSWORD`. ``token`` is for its own workspace, whose slug is the name; empty: it has no workspace."""

    name: str
    token: str


class Accounts:
    """Makes them as an operator would, some for later tests too; each is handed out once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waiting: list[Account] = []

    def take(self, *, own_workspace: bool) -> Account:
        if not (found := self._find(own_workspace)):
            self._waiting += self._make()
            found = self._find(own_workspace)
        self._waiting.remove(found[0])
        return found[0]

    def _find(self, own_workspace: bool) -> list[Account]:
        return [account for account in self._waiting if bool(account.token) == own_workspace]

    def _make(self) -> list[Account]:
        server, program = self._server, MAKE_ACCOUNTS.format(password=PASSWORD, count=AT_ONCE)
        argv = [sys.executable, "-m", "mgx_project.embedded", "manage", "--data", str(server.data), "shell", "-v", "0", "-c"]
        done = subprocess.run([*argv, program], cwd=CHECKOUT, env=server.env, capture_output=True, text=True, timeout=SOON)
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout.partition("accounts=")[2].splitlines()[0])
        return [Account(name, token) for name, token in made]


@pytest.fixture(scope="session")
def accounts(server: Server) -> Accounts:
    return Accounts(server)
