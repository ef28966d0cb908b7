"""Where a sandboxed process can write at all, by the kernel's table of mounts and by trying."""

from __future__ import annotations

import sys

import pytest

from agent.sandbox import WorkdirSandbox

PYTHON = f"{sys.base_prefix}/bin/python3"
WALK = """
import os, stat
OWN = ("/workdir", "/tmp", "/dev/shm")
PER_MOUNT = 400
def under(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)
def attempt(path, flags):
    try:
        fd = os.open(path, flags | os.O_NONBLOCK)
    except OSError:
        return
    try:
        real = os.readlink(f"/proc/self/fd/{fd}")
        if stat.S_ISREG(os.fstat(fd).st_mode) and not under(real, OWN) and not real.startswith("/proc/"):
            if real.startswith("/memfd:"):
                os.write(fd, b"x")  # sealed memory can be opened, but not written
            print("OPENED", path, real)
    except OSError:
        pass
    finally:
        os.close(fd)
def below(mount):
    for folder, folders, names in os.walk(mount):
        folders[:] = [name for name in folders if not under(os.path.join(folder, name), (*OWN, "/proc", "/dev"))]
        yield folder
        yield from (os.path.join(folder, name) for name in names)
tried = 0
for line in open("/proc/self/mountinfo"):
    mount, options = line.split()[4:6]
    if "rw" in options.split(","):
        print("RW", mount)
    if under(mount, OWN) or under(mount, ("/proc", "/dev")):
        continue
    for _, path in zip(range(PER_MOUNT), below(mount)):
        tried += 1
        if os.path.isdir(path):
            try:
                os.mkdir(path + "/mgx-made"); print("MADE", path)
            except OSError:
                pass
        else:
            attempt(path, os.O_WRONLY)
        try:
            os.chmod(path, os.lstat(path).st_mode & 0o7777, follow_symlinks=False); print("CHMOD", path)
        except (OSError, NotImplementedError):
            pass
for pid in filter(str.isdigit, os.listdir("/proc")):
    attempt(f"/proc/{pid}/exe", os.O_WRONLY)
    for part in ("fd", "map_files"):
        try:
            names = os.listdir(f"/proc/{pid}/{part}")
        except OSError:
            continue
        for name in names:
            tried += 1
            attempt(f"/proc/{pid}/{part}/{name}", os.O_WRONLY)
print("TRIED", tried)
"""


@pytest.mark.asyncio
async def test_nothing_but_the_workdir_and_temporary_space_can_be_written(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "walk.py").write_text(WALK)
    result = await sandbox.run((PYTHON, "-I", "walk.py"), timeout=60)
    assert result.ok, result.output_tail
    *said, tried = result.output_tail.splitlines()
    assert int(tried.removeprefix("TRIED ")) > 300
    # /proc and the terminals are the sandbox's own; the host's settings in /proc are covered, and tried in test_attacks
    devices = {f"RW /dev/{name}" for name in ("full", "null", "random", "tty", "urandom", "zero")}  # no data is kept there
    assert sorted(set(said) - devices) == ["RW /dev/pts", "RW /dev/shm", "RW /proc", "RW /tmp", "RW /workdir"]
