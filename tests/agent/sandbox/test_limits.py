"""What all processes of a command may hold and use together, however they share or hide it."""

from __future__ import annotations

import pytest

from agent.sandbox import Limits, WorkdirSandbox
from tests.agent.sandbox.test_attacks import attack

pytestmark = pytest.mark.asyncio

MEMORY = "stopped: more than 64 MiB of memory"
SHARED = {
    "a memfd that is written and not mapped": """
fd = os.memfd_create("x")
for _ in range(96):
    os.write(fd, bytes(1 << 20))
""",
    "a memfd that is mapped and closed": """
fd = os.memfd_create("x"); os.ftruncate(fd, 96 << 20)
data = mmap.mmap(fd, 96 << 20); os.close(fd)
data.write(bytes(96 << 20))
""",
    "shared pages that another process filled": """
data = mmap.mmap(-1, 96 << 20)
if os.fork() == 0:
    data.write(bytes(96 << 20))
    os._exit(0)
os.wait()
""",
    "many objects": """
kept = [os.memfd_create(str(number)) for number in range(96)]
for fd in kept:
    os.write(fd, bytes(1 << 20))
""",
    "a descriptor on its way through a socket": """
import socket
one, two = socket.socketpair()
fd = os.memfd_create("x")
for _ in range(96):
    os.write(fd, bytes(1 << 20))
socket.send_fds(one, [b"x"], [fd]); os.close(fd)
""",
    "temporary files": """
one, two = open("/tmp/a", "wb", 0), open("/dev/shm/b", "wb", 0)
os.remove("/tmp/a")
for _ in range(48):
    one.write(bytes(1 << 20)); two.write(bytes(1 << 20))
""",
}


@pytest.mark.parametrize("code", SHARED.values(), ids=SHARED)
async def test_shared_memory_is_counted(sandbox: WorkdirSandbox, code: str) -> None:
    sandbox.limits = Limits(memory=64 << 20)
    result = await attack(sandbox, f"import mmap, os, time\n{code}\ntime.sleep(3600)")

    assert MEMORY in result.output_tail, result.output_tail
    assert result.exit_code == 137


async def test_memory_that_many_processes_share_is_counted_once(sandbox: WorkdirSandbox) -> None:
    sandbox.limits = Limits(memory=128 << 20)
    code = """
import mmap, os, time
data = mmap.mmap(-1, 30 << 20)
data.write(bytes(30 << 20))
own = b"x" * (4 << 20)
children = []
for _ in range(20):
    if (child := os.fork()) == 0:
        sum(data[::4096]); time.sleep(1); os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
print("done")
"""
    result = await attack(sandbox, code)

    assert result.output_tail == "done\n"


@pytest.mark.parametrize("place", ["/workdir", "/tmp"])
async def test_the_number_of_files_is_bounded(sandbox: WorkdirSandbox, place: str) -> None:
    """On a disk the files of all are counted, so it goes on where others remove theirs meanwhile."""
    sandbox.limits = Limits(inodes=2_000)
    code = f"""
import os, time
os.mkdir("{place}/many")
for number in range(400_000):
    os.mknod(f"{place}/many/{{number}}")
    if number % 4_000 == 3_999:
        time.sleep(0.3)
time.sleep(3600)
"""
    result = await attack(sandbox, code)

    assert "stopped: more than 2000 files" in result.output_tail, result.output_tail


@pytest.mark.parametrize("reaped", ["os.wait()", "signal.signal(signal.SIGCHLD, signal.SIG_IGN)", "pass"])
async def test_processor_time_is_counted_over_all_processes(sandbox: WorkdirSandbox, reaped: str) -> None:
    """Each process stays far below a limit of its own; who has ended counts too."""
    sandbox.limits = Limits(cpu_seconds=1)
    code = f"""
import os, signal, time
for _ in range(60):
    if {reaped.startswith("signal")}:
        {reaped if reaped.startswith("signal") else "pass"}
    if os.fork() == 0:
        while time.process_time() < 0.3:
            pass
        os._exit(0)
    if {reaped == "os.wait()"}:
        os.wait()
    else:
        time.sleep(0.1)
time.sleep(3600)
"""
    result = await attack(sandbox, code)

    assert "stopped: more than 1 seconds of processor time" in result.output_tail, result.output_tail
