"""The install step, with a package index that lies in a directory."""

from __future__ import annotations

import asyncio
import tarfile
from pathlib import Path

import pytest

from agent.projects.of_stack import part_of_stack
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.sandbox.environment_cache import prune
from agent.stacks import get
from tests.support.descriptors import descriptors

pytestmark = pytest.mark.asyncio


@pytest.mark.usefixtures("index")
async def test_what_is_installed_is_there_and_read_only(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "requirements.txt").write_text("hello\n")

    installed = await sandbox.install(part_of_stack(get("fastapi")))

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert installed.argv == ("uv", "pip", "install", "--only-binary", ":all:", "-r", "requirements.txt")
    assert (await sandbox.run(("python", "-c", "import hello; print(hello.WHO)"))).output_tail == "hello\n"
    assert (await sandbox.run(("python", "-m", "pytest"))).output_tail == "pytest ran\n"
    assert not (await sandbox.run(("sh", "-c", "echo x > /env/x"))).ok
    assert (await sandbox.run(("sh", "-c", "command -v python"))).output_tail == "/env/bin/python\n"
    assert sorted(path.name for path in sandbox.root.iterdir()) == ["requirements.txt"]


@pytest.mark.usefixtures("index")
async def test_the_same_requirements_are_installed_once(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "requirements.txt").write_text("hello\n")
    await sandbox.install(part_of_stack(get("fastapi")))
    other = open_sandbox(sandbox.root, cache=sandbox.cache)

    again = await other.install(part_of_stack(get("fastapi")))

    assert again is not None
    assert again.ok
    assert "cached" in again.output_tail
    assert (await other.run(("python", "-m", "hello"))).ok


@pytest.mark.usefixtures("index")
async def test_a_sandbox_that_is_closed_has_no_descriptor_open(sandbox: WorkdirSandbox) -> None:
    """Nor holds what it installed, though somebody still has it."""
    (sandbox.root / "requirements.txt").write_text("hello\n")
    await sandbox.install(part_of_stack(get("fastapi")))
    before = descriptors()
    other = open_sandbox(sandbox.root, cache=sandbox.cache)
    await other.install(part_of_stack(get("fastapi")))
    assert (await other.run(("python", "-m", "hello"))).ok
    assert descriptors() - before
    for _ in range(2):
        other.close()
        assert descriptors() <= before
    sandbox.close()
    assert prune(sandbox.cache / "envs", max_age=-1), "nobody holds it"


@pytest.mark.usefixtures("index")
async def test_another_lock_file_is_another_environment(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "requirements.txt").write_text("hello\n")
    await sandbox.install(part_of_stack(get("fastapi")))
    (sandbox.root / "uv.lock").write_text('[[package]]\nname = "hello"\nversion = "1.0"\n')

    locked = await sandbox.install(part_of_stack(get("fastapi")))

    assert locked is not None
    assert locked.ok
    assert "cached" not in locked.output_tail
    assert len(list((sandbox.cache / "envs").iterdir())) == 2


@pytest.mark.usefixtures("index")
async def test_what_was_locked_for_elsewhere_is_installed_as_the_project_allows(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "requirements.txt").write_text("hello\n")
    (sandbox.root / "uv.lock").write_text('[[package]]\nname = "hello"\nversion = "9.9"\n')

    installed = await sandbox.install(part_of_stack(get("fastapi")))

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert "The versions of the lock file can't be installed here" in installed.output_tail
    assert (await sandbox.run(("python", "-m", "hello"))).ok


@pytest.mark.usefixtures("index")
async def test_two_at_a_time_make_one_environment(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "requirements.txt").write_text("hello\n")
    other = open_sandbox(sandbox.root, cache=sandbox.cache)

    results = await asyncio.gather(sandbox.install(part_of_stack(get("fastapi"))), other.install(part_of_stack(get("fastapi"))))

    assert all(result is not None and result.ok for result in results)
    assert len(list((sandbox.cache / "envs").iterdir())) == 1


@pytest.mark.usefixtures("index")
async def test_a_package_that_is_not_there_is_named_and_the_rest_installed(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "requirements.txt").write_text("no-such-package-here\nhello\nhello>=7\n")

    result = await sandbox.install(part_of_stack(get("fastapi")))
    again = await open_sandbox(sandbox.root, cache=sandbox.cache).install(part_of_stack(get("fastapi")))

    assert result is not None
    assert again is not None
    assert result.ok, result.output_tail
    assert result.notes[0].startswith("Not installed: no-such-package-here (")
    assert result.notes[1].startswith("Not installed: hello>=7 (only hello")
    assert len(result.notes) == 2
    assert again.notes == result.notes
    assert result.notes[0] in result.output_tail
    assert (await sandbox.run(("python", "-m", "hello"))).ok


@pytest.mark.usefixtures("index")
async def test_where_nothing_can_be_installed_nothing_is_left(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "requirements.txt").write_text("no-such-package-here\npytest>=7\n")

    result = await sandbox.install(part_of_stack(get("fastapi")))

    assert result is not None
    assert not result.ok
    assert result.available
    assert "no-such-package-here" in result.output_tail
    assert not list((sandbox.cache / "envs").iterdir())


@pytest.mark.usefixtures("index")
async def test_without_an_index_the_result_says_so(sandbox: WorkdirSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    (sandbox.root / "requirements.txt").write_text("elsewhere\n")

    result = await sandbox.install(part_of_stack(get("fastapi")))

    assert result is not None
    assert not result.ok
    assert "127.0.0.1:9" in result.output_tail


async def test_a_source_distribution_is_never_built(sandbox: WorkdirSandbox, index: Path) -> None:
    """Its setup.py would run on the host's network."""
    source = index.parent / "evil-1.0"
    source.mkdir()
    (source / "setup.py").write_text("open('/tmp/ran', 'w'); print('RAN')\n")
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (index / "evil").mkdir()
    (index / "evil/index.html").write_text('<a href="evil-1.0.tar.gz">evil-1.0.tar.gz</a>')
    with tarfile.open(index / "evil/evil-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, "evil-1.0")
    (sandbox.root / "requirements.txt").write_text("evil\n")

    result = await sandbox.install(part_of_stack(get("fastapi")))

    assert result is not None
    assert "RAN" not in result.output_tail
    assert len(result.notes) == 1
    assert result.notes[0].startswith("Not installed: evil (")
    assert "evil==1.0 has no usable wheels" in result.notes[0]


@pytest.mark.usefixtures("index")
async def test_refused_lines_are_named(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "requirements.txt").write_text("hello\n-e ./lib\ngit+https://example.org/x\n")

    result = await sandbox.install(part_of_stack(get("fastapi")))

    assert result is not None
    assert result.ok
    assert "refused: requirements.txt:2: -e ./lib" in result.output_tail
    assert "refused: requirements.txt:3: git+https://example.org/x" in result.output_tail


async def test_a_package_manager_that_is_not_supported_is_not_available(sandbox: WorkdirSandbox) -> None:
    result = await sandbox.install(part_of_stack(get("laravel")))

    assert result is not None
    assert not result.available


async def test_a_stack_without_an_install_step_has_nothing_to_install(sandbox: WorkdirSandbox) -> None:
    assert await sandbox.install(part_of_stack(get("devops-docker"))) is None


@pytest.mark.usefixtures("index")
async def test_without_isolation_installing_works_too(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "requirements.txt").write_text("hello\n")
    plain = open_sandbox(root, cache=tmp_path / "plain-cache", tier="none")

    installed = await plain.install(part_of_stack(get("fastapi")))

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert (await plain.run(("python", "-m", "hello"))).output_tail == "hello ran\n"
