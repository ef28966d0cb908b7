"""System calls that hostile code makes by number or by raw bytes, and what the filter answers."""

from __future__ import annotations

import os
import platform
import signal
from dataclasses import replace

import pytest

from agent.sandbox import WorkdirSandbox
from agent.sandbox.seccomp import program
from tests.agent.sandbox.test_attacks import PYTHON, attack

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(program() is None, reason="libseccomp is not installed"),
]
x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the bytes are those of x86-64")

SOCKETS = """
import ctypes, errno, socket
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *args):
    got = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(arg) for arg in args))
    return "DONE" if got >= 0 else errno.errorcode[ctypes.get_errno()]
made = {name: call(SOCKET, int(getattr(socket, name)), 2 if name != "AF_NETLINK" else 3, 0)
        for name in ("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK")}
print("wanted", set(made.values()))
pair = (ctypes.c_int * 2)()
print("pair", call(PAIR, 1, 1, 0, ctypes.addressof(pair)))
answers = {}
for family in (*range(-1, 70), (1 << 32) + 40, 1 << 31):
    if family not in (1, 2, 10, 16):
        for kind in (1, 2, 3, 5):
            answers.setdefault(call(SOCKET, family, kind, 0), set()).add(family)
        answers.setdefault(call(PAIR, family, 1, 0, ctypes.addressof(pair)), set()).add(family)
print("others", {answer: sorted(families)[:8] for answer, families in answers.items() if answer != "EAFNOSUPPORT"})
print("refused", len(answers.get("EAFNOSUPPORT", ())))
""".replace("SOCKET,", "41," if platform.machine() == "x86_64" else "198,").replace(
    "PAIR,", "53," if platform.machine() == "x86_64" else "199,"
)


@pytest.mark.parametrize("network", [False, True])
async def test_only_ordinary_socket_families_are_given(sandbox: WorkdirSandbox, network: bool) -> None:
    """AF_VSOCK speaks to the hypervisor past every network namespace; AF_ALG, AF_PACKET and others have opened kernels."""
    (sandbox.root / "attack.py").write_text(SOCKETS)
    cell = replace(sandbox._cell(), network=network)
    result = await sandbox._execute(cell, (PYTHON, "-I", "attack.py"), 30)

    assert result.ok, result.output_tail
    assert "wanted {'DONE'}" in result.output_tail
    assert "pair DONE" in result.output_tail
    assert "others {}" in result.output_tail
    assert "refused 69" in result.output_tail


@x86_64
@pytest.mark.parametrize(
    "call",
    ["mov eax, 20; int 0x80", "syscall with the bit of x32"],
)
async def test_no_call_of_another_architecture_passes(sandbox: WorkdirSandbox, call: str) -> None:
    """The numbers mean other calls there, which the filter would take for harmless ones."""
    raw = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3" if "int" in call else b"\xb8\x27\x00\x00\x40\x0f\x05\xc3"  # getpid(2) of each
    code = f"""
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write({raw!r})
print("trying", flush=True)
print("ANSWERED", ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""
    result = await attack(sandbox, code)

    assert result.output_tail == "trying\n"
    assert result.exit_code == 128 + signal.SIGSYS


async def test_no_setuid_or_setgid_bit_comes_out(sandbox: WorkdirSandbox) -> None:
    """A program with the bit, left in the workdir by a sandbox of root, would give root to any user of the host."""
    (sandbox.root / "tool.sh").write_text("#!/bin/sh\n")
    code = """
import ctypes, errno, os, shutil, struct
shutil.copy("/bin/true", "own"); shutil.copy("/bin/true", "bad")
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    if libc.syscall(number, *args) < 0:
        raise OSError(ctypes.get_errno(), "")
os.umask(0)
arm = os.uname().machine == "aarch64"
how = ctypes.create_string_buffer(struct.pack("QQQ", os.O_CREAT | os.O_WRONLY, 0o6777, 0))
fd = os.open("bad", os.O_RDONLY)
acts = {
    "chmod": lambda: os.chmod("bad", 0o4755),
    "chmod g": lambda: os.chmod("bad", 0o2755),
    "high bits": lambda: call(53 if arm else 90, *([-100] if arm else []), b"bad", ctypes.c_long((1 << 32) | 0o104755)),
    "fchmod": lambda: os.fchmod(fd, 0o6755),
    "fchmodat": lambda: os.chmod("bad", 0o4755, dir_fd=os.open(".", os.O_RDONLY)),
    "fchmodat2": lambda: call(452, -100, b"bad", 0o4755, 0),
    "openat": lambda: os.open("made", os.O_CREAT | os.O_WRONLY, 0o4777),
    "tmpfile": lambda: os.open(".", os.O_TMPFILE | os.O_WRONLY, 0o4777),
    "open": lambda: libc.open(b"made2", os.O_CREAT | os.O_WRONLY, 0o4777),
    "creat": lambda: libc.creat(b"made3", 0o4777),
    "openat2": lambda: call(437, -100, b"made4", how, 24),
    "mkdir": lambda: call(34 if arm else 83, *([-100] if arm else []), b"made5", 0o2777),
    "mknod": lambda: os.mknod("made6", 0o104777),
    "capability": lambda: os.setxattr("bad", "security.capability", struct.pack("<IIIII", 0x02000001, 0xFFFFFFFF, 0, 0, 0)),
}
for name, act in acts.items():
    try:
        act()
    except OSError as error:
        print(name, errno.errorcode[error.errno])
os.chmod("own", 0o755); os.chmod("tool.sh", 0o755); os.mkdir("folder", 0o755)
"""
    result = await attack(sandbox, code)

    assert result.ok, result.output_tail
    found = list(sandbox.root.rglob("*"))
    assert {path.name for path in found} >= {"own", "bad", "tool.sh", "folder"}
    assert [path.name for path in found if path.stat().st_mode & 0o6000] == []
    assert {path.stat().st_uid for path in found} == {os.getuid()}
    assert [path.name for path in found if "security.capability" in os.listxattr(path)] == []
    assert (sandbox.root / "tool.sh").stat().st_mode & 0o777 == 0o755


async def test_ordinary_tools_keep_working_without_the_bits(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "a").mkdir()
    (sandbox.root / "a/x").write_text("x")
    result = await sandbox.run(("sh", "-c", "cp -a a b; tar cf t a; mkdir c; tar xf t -C c && install -m 755 a/x d"))

    assert result.ok, result.output_tail
    assert (sandbox.root / "c/a/x").read_text() == "x"


async def test_shared_memory_of_system_v_is_small(sandbox: WorkdirSandbox) -> None:
    """It stays without a process that holds it, where nobody can count it. PostgreSQL takes one page."""
    code = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
def segment(size):
    got = libc.shmget(0, ctypes.c_size_t(size), 0o1600)
    return "DONE" if got >= 0 else errno.errorcode[ctypes.get_errno()]
print("small", segment(4096))
print("large", segment(65537), segment(1 << 30), segment((1 << 32) + 1))
"""
    result = await attack(sandbox, code)

    assert result.output_tail == "small DONE\nlarge EINVAL EINVAL EINVAL\n"
