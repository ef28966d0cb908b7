"""What hostile code in the workdir tries, and what it gets."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

import pytest

from agent.ports import CommandResult
from agent.sandbox import Limits, WorkdirSandbox, open_sandbox
from agent.sandbox.sealed import libraries_beside
from tests.support.patience import SOON

PYTHON = f"{sys.base_prefix}/bin/python3"

pytestmark = pytest.mark.asyncio


async def attack(sandbox: WorkdirSandbox, code: str, timeout: float = SOON) -> CommandResult:
    """What is to be stopped by a limit waits for that at its end, however long it takes to be noticed."""
    (sandbox.root / "attack.py").write_text(code)
    return await sandbox.run((PYTHON, "-I", "attack.py"), timeout=timeout)


async def test_no_network_not_even_loopback(sandbox: WorkdirSandbox) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        code = f"""
import os, socket
print(sorted(name for _, name in socket.if_nameindex()))
for family, address in ((socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_INET, ("192.0.2.1", 80))):
    try:
        socket.create_connection(address, timeout=1)
        print("CONNECTED", address)
    except OSError as error:
        print("refused", error.errno)
try:
    socket.getaddrinfo("example.org", 443)
    print("RESOLVED")
except OSError:
    print("no names")
"""
        result = await attack(sandbox, code)
    assert result.ok, result.output_tail
    assert "CONNECTED" not in result.output_tail
    assert "RESOLVED" not in result.output_tail
    assert "['lo']" in result.output_tail


async def test_no_socket_of_the_host(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    """Neither a socket file outside of the workdir nor an abstract one."""
    outside, abstract = tmp_path / "s.sock", f"\0mgx-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        for server, address in ((one, str(outside)), (two, abstract)):
            server.bind(address)
            server.listen()
        code = f"""
import socket
for address in ({str(outside)!r}, {abstract!r}):
    try:
        socket.socket(socket.AF_UNIX).connect(address)
        print("CONNECTED")
    except OSError as error:
        print("refused")
"""
        result = await attack(sandbox, code)
    assert result.output_tail.count("refused") == 2


async def test_no_file_of_the_host(sandbox: WorkdirSandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("host secret")
    (sandbox.root / "link").symlink_to(secret)
    home = Path.home()
    code = f"""
import os
for path in ({str(secret)!r}, "link", {str(home / ".ssh")!r}, {str(home / ".bashrc")!r}, "/etc/shadow", "/etc/hosts",
             "/proc/1/root/etc/shadow", "/proc/1/environ", "/var/log", "/run", "/home"):
    try:
        print("READ", path, open(path).read() if not os.path.isdir(path) else os.listdir(path))
    except OSError as error:
        print("no", path)
print(open("/etc/passwd").read())
for path in ("/usr/x", "/etc/x", "/x", "/dev/x", "/env/x", "/proc/sys/kernel/hostname", {sys.base_prefix + "/x"!r}):
    try:
        open(path, "w").write("x")
        print("WROTE", path)
    except OSError:
        pass
"""
    result = await attack(sandbox, code)
    assert result.ok, result.output_tail
    assert "host secret" not in result.output_tail
    assert "root:" not in result.output_tail
    assert "WROTE" not in result.output_tail
    read = [line for line in result.output_tail.splitlines() if line.startswith("READ")]
    assert sandbox.bwrap is not None
    preloaded = "LD_PRELOAD=/proc/self/fd/N\0" if libraries_beside(sandbox.bwrap.path) else ""
    assert [re.sub(r"fd/\d+", "fd/N", line) for line in read] == [
        "READ /etc/hosts 127.0.0.1 localhost",  # the name of its own loopback, nothing of the host
        f"READ /proc/1/environ {preloaded}",
    ]


async def test_no_secret_of_the_environment(sandbox: WorkdirSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret-value")
    code = """
import glob, os
print(dict(os.environ))
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        print(open(path, "rb").read())
    except OSError:
        pass
"""
    result = await attack(sandbox, code)
    assert result.ok
    assert "very-secret-value" not in result.output_tail


async def test_no_process_of_the_host_is_seen_or_signalled(sandbox: WorkdirSandbox) -> None:
    code = f"""
import os, signal
print("pids", sorted(int(p) for p in os.listdir("/proc") if p.isdigit()))
for pid in ({os.getpid()}, {os.getppid()}):
    try:
        os.kill(pid, signal.SIGKILL)
        print("SENT" if pid > 50 else "own")
    except ProcessLookupError:
        print("nobody")
try:
    os.kill(-1, 0)
except OSError:
    pass
"""
    result = await attack(sandbox, code)
    pids = result.output_tail.split("[", 1)[1].split("]")[0].split(",")
    assert len(pids) <= 3
    assert "SENT" not in result.output_tail


async def test_no_kernel_setting_can_be_written(sandbox: WorkdirSandbox) -> None:
    """A sandbox started by root keeps the host's user 0, whom /proc/sys obeys by ownership alone."""
    code = """
import os
for directory, below, files in os.walk("/proc"):
    if directory.split("/")[2:3] and directory.split("/")[2].isdigit():
        below.clear()
        continue
    for name in files:
        path = os.path.join(directory, name)
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            print("WRITABLE", path)
        except OSError:
            pass
"""
    result = await attack(sandbox, code)
    assert result.ok
    assert result.output_tail == ""


async def test_privileged_calls_are_refused(sandbox: WorkdirSandbox) -> None:
    code = """
import ctypes, os, errno
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    got = getattr(libc, name)(*args)
    print(name, "DONE" if got >= 0 else errno.errorcode[ctypes.get_errno()])
call("unshare", 0x10000000)
call("unshare", 0x00020000)
call("mount", b"x", b"/tmp", b"tmpfs", 0, None)
call("umount2", b"/proc", 2)
call("ptrace", 16, os.getppid(), 0, 0)
call("syscall", 425, 8, 0)
call("syscall", 250, 0, 0, 0, 0, 0)
call("syscall", 321, 0, 0, 0)
call("setuid", 0)
call("chroot", b"/tmp")
call("personality", 0x0040000)
import fcntl
try:
    fcntl.ioctl(0, 0x5412, b"x"); print("TIOCSTI DONE")
except OSError as error:
    print("TIOCSTI", error.errno)
print([line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd", "NoNewPrivs"))])
"""
    result = await attack(sandbox, code)
    assert result.ok, result.output_tail
    assert "DONE" not in result.output_tail, result.output_tail
    assert "['0000000000000000', '0000000000000000', '1']" in result.output_tail


async def test_a_fork_bomb_ends(sandbox: WorkdirSandbox) -> None:
    sandbox.limits = Limits(processes=64)
    code = """
import os, sys, time
made = 0
try:
    while made < 5000:
        if os.fork() == 0:
            time.sleep(3600)
            os._exit(0)
        made += 1
except OSError:
    print("stopped at", made)
sys.exit(3)
"""
    result = await attack(sandbox, code)
    # the kernel refuses another one, or the watch, which counts those around the program too, ends all of them before that
    assert result.exit_code in (3, 137), result.output_tail
    assert "stopped" in result.output_tail


async def test_memory_is_bounded_over_all_processes(sandbox: WorkdirSandbox) -> None:
    sandbox.limits = Limits(memory=256 << 20)
    code = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        data = bytearray(b"x") * (64 << 20)
        time.sleep(3600)
        os._exit(0)
time.sleep(3600)
"""
    result = await attack(sandbox, code)
    assert result.exit_code == 137
    assert "256 MiB" in result.output_tail


async def test_one_process_can_not_reserve_without_end(sandbox: WorkdirSandbox) -> None:
    sandbox.limits = Limits(address_space=1 << 30)
    result = await attack(sandbox, "bytearray(2 << 30)")
    assert "MemoryError" in result.output_tail


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm"])
async def test_temporary_space_is_bounded(sandbox: WorkdirSandbox, place: str) -> None:
    sandbox.limits = Limits(tmp=32 << 20)
    code = f"""
written = 0
try:
    with open("{place}/big", "wb") as file:
        for _ in range(256):
            file.write(bytes(1 << 20)); file.flush(); written += 1
except OSError as error:
    print("stopped at", written, error.strerror)
"""
    result = await attack(sandbox, code)
    assert "No space left" in result.output_tail
    assert int(result.output_tail.split()[2]) <= 32


async def test_one_file_is_bounded(sandbox: WorkdirSandbox) -> None:
    sandbox.limits = Limits(file_size=8 << 20)
    await attack(
        sandbox, "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); open('big', 'wb').write(bytes(32 << 20))"
    )
    assert (sandbox.root / "big").stat().st_size <= 8 << 20


async def test_output_is_bounded_and_its_end_is_kept(sandbox: WorkdirSandbox) -> None:
    result = await attack(sandbox, "import sys\nfor _ in range(400): sys.stdout.write('x' * 65536)\nprint('the end')")
    assert result.ok
    assert len(result.output_tail) <= sandbox.limits.output
    assert result.output_tail.endswith("the end\n")


async def test_git_s_own_data_and_the_backups_are_out_of_reach(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / ".git/hooks").mkdir(parents=True)
    (sandbox.root / ".git/config").write_text("[core]\n")
    (sandbox.root / ".mgx/backups/1").mkdir(parents=True)
    code = """
import os
for act in (lambda: open(".git/config", "a"), lambda: open(".git/hooks/post-commit", "w"), lambda: os.rename(".git", "x"),
            lambda: open(".mgx/x", "w"), lambda: os.rename(".mgx", "y"), lambda: os.symlink("/etc", ".mgx/txn")):
    try:
        act(); print("DONE")
    except OSError as error:
        print("no", error.strerror)
print(os.listdir(".mgx"))
"""
    result = await attack(sandbox, code)
    assert result.output_tail.count("no ") == 6, result.output_tail
    assert "[]" in result.output_tail


@pytest.mark.parametrize("script", ["git init -q . || mkdir .git; echo x > .git/config", "ln -s /etc .git", "echo x > .git"])
async def test_a_repository_that_the_command_makes_is_removed(sandbox: WorkdirSandbox, script: str) -> None:
    result = await sandbox.run(("sh", "-c", script))

    assert ".git" not in os.listdir(sandbox.root)
    assert "removed: the .git" in result.output_tail


async def test_the_disk_is_bounded_over_all_files(sandbox: WorkdirSandbox) -> None:
    sandbox.limits = Limits(disk=64 << 20)
    code = """
import time
for number in range(2_000):  # others may free some meanwhile
    with open(f"big-{number}", "wb") as file:
        file.write(bytes(1 << 20))
    time.sleep(0.01)
time.sleep(3600)
"""
    result = await attack(sandbox, code)
    for path in sandbox.root.glob("big-*"):
        path.unlink()
    assert "64 MiB of disk" in result.output_tail


async def test_the_workdir_can_be_changed(sandbox: WorkdirSandbox) -> None:
    result = await attack(sandbox, "open('made.txt', 'w').write('x'); import os; print(os.getcwd())")
    assert result.output_tail == "/workdir\n"
    assert (sandbox.root / "made.txt").read_text() == "x"
    assert (sandbox.root / "made.txt").stat().st_uid == os.getuid()


async def test_a_relative_workdir_path_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: WorkdirSandbox) -> None:
    monkeypatch.chdir(tmp_path)
    other = open_sandbox(Path("workdir"), cache=Path("cache"))
    assert (await other.run(("pwd",))).output_tail == "/workdir\n"


async def test_the_kernel_s_inner_state_is_unreadable(sandbox: WorkdirSandbox) -> None:
    """What runc masks by default, and whatever only the host's root may read: a sandbox started by root keeps that user."""
    names = (
        "acpi asound config.gz interrupts iomem ioports kallsyms kcore key-users keys kmsg kpagecgroup kpagecount kpageflags "
        "latency_stats modules pagetypeinfo sched_debug scsi slabinfo timer_list timer_stats tty/driver vmallocinfo vmcore"
    )
    code = f"""
import os, stat
for name in {names.split()!r}:
    path = "/proc/" + name
    try:
        print("READ", path, os.listdir(path) if os.path.isdir(path) else open(path, "rb", buffering=0).read(16))
    except OSError:
        pass
for directory, below, files in os.walk("/proc"):
    if directory == "/proc":
        below[:] = [name for name in below if not name.isdigit() and name not in ("self", "thread-self", "sys")]
    for name in files:
        path = os.path.join(directory, name)
        try:
            if not os.stat(path).st_mode & stat.S_IROTH and os.access(path, os.R_OK):
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
                print("ROOT'S", path)
        except OSError:
            pass
print("open:", open("/proc/meminfo").read(8), open("/proc/cpuinfo").read(9), open("/proc/self/comm").read())
"""
    result = await attack(sandbox, code)

    assert result.ok, result.output_tail
    lines = [line for line in result.output_tail.splitlines() if line and not line.endswith(" []")]
    assert lines == ["open: MemTotal processor python3"], lines
