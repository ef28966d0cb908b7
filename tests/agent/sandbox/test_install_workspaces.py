"""Workspaces by each package manager, which come from the real registry; the one package that is installed is of this test."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.projects.model import ProjectPart
from agent.sandbox import WorkdirSandbox
from tests.agent.sandbox.node_registry import REAL, serving
from tests.support.drills import Draw, some_of

MANAGERS = {"npm": "", "pnpm": "pnpm@9.15.4", "yarn": "yarn@1.22.22", "berry": "yarn@4.5.0"}
PROGRAM = {"berry": "yarn"}
USES = """const {test} = require('node:test'), {equal, ok} = require('node:assert');
test('own', () => {
  equal(require('lib').who, 'hello');
  ok(require.resolve('lib').endsWith('web/packages/lib/index.js'));
});
"""

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed here: no package can be installed with it"),
]


@pytest.fixture(scope="module")
def reachable() -> None:
    try:
        urllib.request.urlopen(f"{REAL}/yarn/1.22.22", timeout=20).close()
    except (urllib.error.URLError, OSError) as error:
        pytest.skip(f"the registry of npm can't be reached, so that no package manager can be had: {error}")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    with serving(forward=True) as (url, asked):
        config = tmp_path / "npmrc"
        config.write_text(f"registry={url}/\n")
        monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(config))
        monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
        yield asked


def workspace(root: Path, manager: str) -> None:
    """In the folder ``web`` of a repository: ``app`` uses ``lib``, which uses hello."""
    program = PROGRAM.get(manager, manager)
    top: dict[str, Any] = {
        "name": "top",
        "private": True,
        "workspaces": ["packages/*"],
        "scripts": {"test": "node --test packages"},
    }
    if MANAGERS[manager]:
        top["packageManager"] = MANAGERS[manager]
    files: dict[str, Any] = {
        "web/package.json": top,
        "web/packages/lib/package.json": {"name": "lib", "version": "1.0.0", "dependencies": {"hello": "^1.0.0"}},
        "web/packages/lib/index.js": "exports.who = require('hello');\n",
        "web/packages/app/package.json": {"name": "app", "version": "1.0.0", "dependencies": {"lib": "^2.0.0"},
                                          "scripts": {"test": f"{program} run really", "really": "node --test"}},
        "web/packages/app/app.test.js": USES,
        "web/packages/app/tool.js": "console.log('tool ran');\n",
    }  # fmt: skip
    files["web/packages/app/package.json"]["bin"] = {"tool": "tool.js"}
    if manager == "pnpm":
        files["web/pnpm-workspace.yaml"] = "packages: ['packages/*']\n"
        files["web/packages/app/package.json"]["dependencies"] = {"lib": "workspace:^"}
    if manager == "berry":
        files["web/packages/app/package.json"]["dependencies"] = {"lib": "workspace:^"}
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(data if isinstance(data, str) else json.dumps(data))


def git(root: Path, *argv: str) -> str:
    return subprocess.run(["git", "-C", str(root), *argv], capture_output=True, text=True, check=True).stdout


@pytest.mark.usefixtures("reachable")
@some_of(list(MANAGERS), 2)
async def test_members_have_their_packages_and_mean_the_working_tree(
    sandbox: WorkdirSandbox, asked: list[str], turn: int, draw: Draw[str]
) -> None:
    manager = draw(list(MANAGERS), turn)
    workspace(sandbox.root, manager)
    git(sandbox.root, "init", "--quiet")
    git(sandbox.root, "add", "-A")
    installed = await sandbox.install(ProjectPart(directory="web/packages/app", ecosystem="node"))

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert installed.argv[0] == PROGRAM.get(manager, manager)
    tested = await sandbox.run((PROGRAM.get(manager, manager), "test"), directory="web/packages/app")
    assert tested.ok, tested.output_tail
    assert "# pass 1" in tested.output_tail
    if manager != "pnpm":  # there programs of members are those of who depends on them
        ran = await sandbox.run(("tool",), directory="web/packages/app")
        assert ran.output_tail == "tool ran\n"
    assert not [path for path in asked if path.startswith(("/lib", "/app", "/top"))]
    assert "??" not in git(sandbox.root, "status", "--porcelain")
    assert not list(sandbox.root.rglob("node_modules"))
