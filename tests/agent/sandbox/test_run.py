from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import pytest

from agent.errors import SandboxFailed
from agent.sandbox import WorkdirSandbox, bubblewrap, open_sandbox
from tests.support.descriptors import descriptors
from tests.support.patience import SOON

pytestmark = pytest.mark.asyncio


def alive(marker: str) -> list[int]:
    """Processes of the host whose command line holds ``marker``."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                line = Path(f"/proc/{name}/cmdline").read_bytes()
            except OSError:
                continue
            if marker.encode() in line:
                found.append(int(name))
    return found


async def test_a_command_s_end_is_told(sandbox: WorkdirSandbox) -> None:
    result = await sandbox.run(("sh", "-c", "echo out; echo err >&2; exit 3"))

    assert (result.exit_code, result.ok, result.available, result.timed_out) == (3, False, True, False)
    assert result.argv == ("sh", "-c", "echo out; echo err >&2; exit 3")
    assert result.output_tail == "out\nerr\n"


async def test_an_absent_tool_is_not_available(sandbox: WorkdirSandbox) -> None:
    result = await sandbox.run(("no-such-tool", "--version"))

    assert (result.exit_code, result.available) == (127, False)
    assert result.output_tail == "no-such-tool is not available here.\n"


async def test_a_command_that_ends_with_127_itself_is_available(sandbox: WorkdirSandbox) -> None:
    assert (await sandbox.run(("sh", "-c", "exit 127"))).available


async def test_a_timeout_kills_everything(sandbox: WorkdirSandbox) -> None:
    marker = f"31{os.getpid()}000.25"
    for seconds in (1, 10, 100):  # on a busy machine it may not have begun yet
        result = await sandbox.run(("sh", "-c", f"echo begun; (setsid sleep {marker} &) ; sleep {marker}"), timeout=seconds)
        if result.output_tail.startswith("begun\n"):
            break

    assert result.timed_out
    assert not result.ok
    assert result.output_tail.startswith("begun\n")
    assert not alive(marker)


async def test_cancelling_kills_everything(sandbox: WorkdirSandbox) -> None:
    marker = f"32{os.getpid()}.25"
    script = f"trap '' TERM INT HUP; (setsid sh -c \"trap '' TERM; sleep {marker}\" &) ; sleep {marker}"
    task = asyncio.create_task(sandbox.run(("sh", "-c", script)))
    while not alive(marker):  # noqa: ASYNC110 - another process starts, nobody here can set an event
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, SOON)

    assert not alive(marker)


async def test_a_process_left_behind_does_not_outlive_the_command(sandbox: WorkdirSandbox) -> None:
    marker = f"33{os.getpid()}.25"
    result = await sandbox.run(("sh", "-c", f"setsid sleep {marker} >/dev/null 2>&1 & echo done"))

    assert result.ok
    async with asyncio.timeout(
        SOON
    ):  # the kernel takes it down with its namespace, a moment after the command's own end is known
        while alive(marker):  # noqa: ASYNC110 - nobody here can set an event
            await asyncio.sleep(0.02)


async def test_no_descriptor_is_left_open(sandbox: WorkdirSandbox) -> None:
    await sandbox.run(("true",))
    before = descriptors()
    for _ in range(5):
        await sandbox.run(("true",))
    assert descriptors() <= before


async def test_formatters_are_offered_and_nothing_else_of_the_server(sandbox: WorkdirSandbox) -> None:
    assert (await sandbox.run(("ruff", "--version"))).ok
    assert (await sandbox.run(("black", "--version"))).ok
    assert not (await sandbox.run(("daphne", "--version"))).available


async def test_an_empty_command_is_refused(sandbox: WorkdirSandbox) -> None:
    with pytest.raises(SandboxFailed):
        await sandbox.run(())


async def test_a_sandbox_that_can_not_be_set_up_says_so(sandbox: WorkdirSandbox) -> None:
    sandbox.root = sandbox.root / "missing"

    with pytest.raises(SandboxFailed, match=r"could not be (started|prepared): .*missing"):
        await sandbox.run(("true",))


@pytest.mark.parametrize("tier", ["landlock", "container", "something"])
async def test_tiers_that_are_not_there_are_refused(tmp_path: Path, tier: str) -> None:
    with pytest.raises(SandboxFailed) as refused:
        open_sandbox(tmp_path, cache=tmp_path / "cache", tier=tier)
    assert refused.value.hint


async def test_without_bubblewrap_the_hint_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "_candidates", list)
    caches = (bubblewrap._working, bubblewrap._with_user)
    for kept in caches:
        kept.cache_clear()
    try:
        with pytest.raises(SandboxFailed) as refused:
            open_sandbox(tmp_path, cache=tmp_path / "cache")
    finally:
        for kept in caches:
            kept.cache_clear()
    assert "apt install bubblewrap" in refused.value.hint


async def test_no_isolation_is_a_logged_choice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret-value")
    with caplog.at_level(logging.WARNING):
        plain = open_sandbox(tmp_path, cache=tmp_path / "cache", tier="none")
    assert "sandbox is off" in caplog.text
    result = await plain.run(("sh", "-c", "pwd; env"))
    assert result.output_tail.startswith(f"{tmp_path}\n")
    assert "very-secret-value" not in result.output_tail
    assert not (await plain.run(("no-such-tool",))).available


async def test_the_interpreter_runs_inside(sandbox: WorkdirSandbox) -> None:
    result = await sandbox.run(
        (f"{sys.base_prefix}/bin/python3", "-c", "import ssl, sqlite3, sys; print(sys.version_info[:2])")
    )

    assert result.output_tail == f"{tuple(sys.version_info[:2])}\n"
