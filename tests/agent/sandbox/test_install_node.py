"""The install step of npm, with a registry of this test on the loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.projects.of_stack import part_of_stack
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.stacks import get
from tests.agent.sandbox.node_registry import serving

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed here: no package can be installed with it"),
]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Gives the paths that were asked for."""
    with serving() as (url, asked):
        config = tmp_path / "npmrc"
        config.write_text(f"registry={url}/\n")
        monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(config))
        monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
        monkeypatch.delenv("NPM_CONFIG_CACHE", raising=False)
        yield asked


def wants(sandbox: WorkdirSandbox, **dependencies: str) -> None:
    manifest = {"dependencies": dependencies, "scripts": {"preinstall": "touch RAN", "test": "hello"}}
    (sandbox.root / "package.json").write_text(json.dumps(manifest))


@pytest.mark.usefixtures("registry")
async def test_packages_are_there_read_only_and_their_scripts_ran_without_a_network(sandbox: WorkdirSandbox) -> None:
    wants(sandbox, hello="^1.0.0")

    installed = await sandbox.install(part_of_stack(get("express-ts")))

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert (await sandbox.run(("node", "-p", "require('hello')"))).output_tail == "hello\n"
    assert "hello ran" in (await sandbox.run(("npm", "test"))).output_tail
    assert not (await sandbox.run(("sh", "-c", "echo x > node_modules/hello/index.js"))).ok
    assert (await sandbox.run(("sh", "-c", "echo x > node_modules/.vite/x && ls node_modules/hello"))).output_tail.split() == [
        "RAN", "cli.js", "index.js", "package.json", "ran.js",
    ]  # fmt: skip
    assert (await sandbox.run(("cat", "node_modules/hello/RAN"))).output_tail in ("lo", "")
    assert sorted(path.name for path in sandbox.root.iterdir()) == ["package.json"]


async def test_the_same_manifest_is_installed_once(sandbox: WorkdirSandbox, registry: list[str]) -> None:
    wants(sandbox, hello="1.0.0")
    await sandbox.install(part_of_stack(get("react-vite")))
    before = len(registry)
    other = open_sandbox(sandbox.root, cache=sandbox.cache)

    again = await other.install(part_of_stack(get("react-vite")))

    assert again is not None
    assert "cached" in again.output_tail
    assert len(registry) == before
    assert (await other.run(("hello",))).output_tail == "hello ran\n"


@pytest.mark.usefixtures("registry")
async def test_a_package_that_is_not_there_fails_and_leaves_nothing(sandbox: WorkdirSandbox) -> None:
    wants(sandbox, nowhere="1")

    result = await sandbox.install(part_of_stack(get("nestjs")))

    assert result is not None
    assert not result.ok
    assert "nowhere" in result.output_tail
    assert not list((sandbox.cache / "node").iterdir())


@pytest.mark.usefixtures("registry")
async def test_a_link_in_the_place_of_the_packages_gets_no_mount(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    wants(sandbox, hello="1.0.0")
    await sandbox.install(part_of_stack(get("nextjs")))
    (sandbox.root / "node_modules").symlink_to(tmp_path)

    assert not (await sandbox.run(("node", "-p", "require('hello')"))).ok
    assert (sandbox.root / "node_modules").is_symlink()


async def test_without_a_manifest_there_is_nothing_to_install(sandbox: WorkdirSandbox) -> None:
    result = await sandbox.install(part_of_stack(get("vue-vite")))

    assert result is not None
    assert not result.ok
    assert "package.json" in result.output_tail


@pytest.mark.usefixtures("registry")
async def test_without_isolation_it_works_too(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    plain = open_sandbox(root, cache=tmp_path / "plain-cache", tier="none")
    wants(plain, hello="1.0.0")

    installed = await plain.install(part_of_stack(get("express-ts")))

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert (await plain.run(("node", "-p", "require('hello')"))).output_tail == "hello\n"
    assert sorted(path.name for path in root.iterdir()) == ["package.json"]
