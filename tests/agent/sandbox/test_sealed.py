"""The program that builds the sandbox can't be changed from inside, and no file of the host has its mode changed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import SandboxFailed
from agent.sandbox import WorkdirSandbox, bubblewrap
from agent.sandbox.sealed import is_guarded, sealed_copy
from tests.agent.sandbox.race import ENDS, copied, drill
from tests.support.descriptors import descriptors
from tests.support.patience import SOON

PYTHON = f"{sys.base_prefix}/bin/python3"
ORDINARY = 60123
"""A user id that owns nothing here."""


@pytest.mark.asyncio
async def test_bubblewrap_s_own_program_is_a_sealed_copy(sandbox: WorkdirSandbox) -> None:
    code = "import os; print([os.readlink(f'/proc/{pid}/exe') for pid in os.listdir('/proc') if pid.isdigit()])"
    result = await sandbox.run((PYTHON, "-I", "-c", code))
    assert result.ok, result.output_tail
    assert "/memfd:bwrap (deleted)" in result.output_tail
    assert "bin/bwrap" not in result.output_tail


@pytest.mark.asyncio
async def test_a_race_for_the_program_changes_nothing(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    assert sandbox.bwrap is not None
    (tmp_path / "drill").mkdir()
    found = await drill(tmp_path / "drill", 9)
    assert (found.written, found.changed) == ([], [])
    assert all(found.begun[end] for end in ENDS), found.begun


@pytest.mark.asyncio
async def test_a_command_can_not_spoil_the_program_of_the_next(sandbox: WorkdirSandbox) -> None:
    """Seals don't stop the owner from changing the mode, so a copy that commands shared could be made unreadable."""
    spoil = "import os\nfor path in ('/proc/1/exe', *(f'/proc/self/fd/{n}' for n in os.listdir('/proc/self/fd'))):\n"
    spoil += "    try: os.chmod(path, 0); print('changed', path, os.readlink(path))\n    except OSError: pass\n"
    assert (await sandbox.run((PYTHON, "-I", "-c", spoil))).ok
    assert (await sandbox.run(("true",))).ok


@pytest.mark.asyncio
async def test_no_descriptor_leads_to_a_device_of_the_host(sandbox: WorkdirSandbox) -> None:
    """Standard input would be one, whose mode a server that is root owns."""
    code = """
import os, stat
paths = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    paths += [f"/proc/{pid}/fd/{number}" for number in os.listdir(f"/proc/{pid}/fd")]
for path in paths:
    try:
        info = os.stat(path)
        if stat.S_ISCHR(info.st_mode) and not os.path.realpath(path).startswith("/dev/pts"):
            os.chmod(path, stat.S_IMODE(info.st_mode)); print("CHANGED", path)
    except OSError as error:
        print(error.strerror, path)
"""
    changed = os.stat("/dev/null").st_ctime_ns
    result = await sandbox.run((PYTHON, "-I", "-c", code))
    assert result.ok
    assert "CHANGED" not in result.output_tail, result.output_tail
    assert os.stat("/dev/null").st_ctime_ns == changed


@pytest.mark.asyncio
async def test_a_replaced_program_is_used_at_the_next_command(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    assert sandbox.bwrap is not None
    copy = copied(Path(sandbox.bwrap.path), tmp_path / "copy")
    sandbox.bwrap = replace(sandbox.bwrap, path=str(copy))
    assert (await sandbox.run(("true",))).ok
    copy.write_text("#!/bin/sh\necho another\n")
    with pytest.raises(SandboxFailed, match="could not be"):
        await sandbox.run(("true",))


@pytest.mark.asyncio
async def test_a_program_that_is_gone_is_a_sentence_with_a_hint(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    assert sandbox.bwrap is not None
    sandbox.bwrap = replace(sandbox.bwrap, path=str(tmp_path / "gone"))
    before = descriptors()
    with pytest.raises(SandboxFailed, match=r"could not be prepared: .*gone") as failed:
        await sandbox.run(("true",))
    assert str(tmp_path / "gone") in failed.value.hint
    assert descriptors() <= before


def test_a_program_that_can_not_be_copied_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "_candidates", lambda: [str(tmp_path / "gone")])
    with pytest.raises(SandboxFailed, match="gone"):
        bubblewrap._working.__wrapped__(0)


def test_a_file_that_we_may_write_is_never_executed_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "bwrap"
    own.write_bytes(b"")
    assert not is_guarded(str(own))
    assert not is_guarded(str(tmp_path / "gone"))
    own.chmod(0o500)
    assert not is_guarded(str(own))


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users")
@pytest.mark.parametrize(("owner", "mode", "guarded"), [(0, 0o755, True), (0, 0o757, False), (ORDINARY, 0o555, False)])
def test_the_file_of_another_user_that_only_he_may_write_is_guarded(
    tmp_path: Path, owner: int, mode: int, guarded: bool
) -> None:
    file = tmp_path / "bwrap"
    file.write_bytes(b"")
    os.chown(file, owner, 0)
    file.chmod(mode)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & stat.S_IXOTH:  # pytest's are closed to others
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        os.setresgid(ORDINARY, ORDINARY, ORDINARY)
        os.setgroups([])
        os.setresuid(ORDINARY, ORDINARY, ORDINARY)
        os.write(write, str(is_guarded(str(file))).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    answer = os.read(read, 10).decode()
    os.close(read)
    os.close(write)
    assert answer == str(guarded)


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/proc/sys/vm/memfd_noexec").exists(), reason="sets a sysctl of a namespace")
@pytest.mark.parametrize(("level", "ends"), [(1, 0), (2, 1)])
def test_a_kernel_that_makes_no_executable_memory_by_default(level: int, ends: int) -> None:
    """vm.memfd_noexec 1 needs the flag; 2 refuses it, and the error is raised."""
    code = "from agent.sandbox.sealed import sealed_copy; import os, sys; fd = sealed_copy('/usr/bin/true')\n"
    code += "os.set_inheritable(fd, True); os.execv(f'/proc/self/fd/{fd}', ['true'])"
    script = f'echo {level} > /proc/sys/vm/memfd_noexec && exec "{sys.executable}" -c "{code}"'
    unshared = [shutil.which("unshare") or "", "--fork", "--pid", "--mount-proc", "sh", "-c", script]
    done = subprocess.run(unshared, capture_output=True, text=True, timeout=SOON, check=False)
    assert done.returncode == ends, done.stderr
    assert ("PermissionError" in done.stderr) == bool(ends)


def test_the_copy_has_all_seals(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"program")
    fd = sealed_copy(str(tmp_path / "file"))
    try:
        for act in (lambda: os.write(fd, b"x"), lambda: os.ftruncate(fd, 0), lambda: os.ftruncate(fd, 100)):
            with pytest.raises(PermissionError):
                act()
        assert os.read(fd, 100) == b"program"
    finally:
        os.close(fd)
