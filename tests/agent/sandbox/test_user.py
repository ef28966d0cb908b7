"""Where the server is root, commands run as another user of the host, who owns nothing there and still has the workdir."""

from __future__ import annotations

import asyncio
import os
import pwd
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import SandboxFailed
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.sandbox.host_mounts import Bind
from agent.sandbox.temporary import TemporaryFiles
from agent.sandbox.user import COUNT, FIRST
from tests.support.descriptors import descriptors
from tests.support.patience import SOON

PYTHON = f"{sys.base_prefix}/bin/python3"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has no other user to give")


def git(root: Path, *argv: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    return subprocess.run(["git", *identity, *argv], cwd=root, capture_output=True, text=True, check=True).stdout


async def test_no_file_or_device_of_root_can_be_changed(
    sandbox: WorkdirSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the mount is read-only or writable, and what is seen of it: root's file in the workdir belongs to the command."""
    read_only, writable = tmp_path / "read-only", tmp_path / "writable"
    for place in (read_only, writable):
        place.mkdir()
        (place / "file").write_text("root's")
        os.chmod(place / "file", 0o644)
    files = ["/dev/null", "/dev/zero", *(str(place / "file") for place in (read_only, writable))]
    before = {path: os.lstat(path) for path in files}
    code = """
import os
for path in ("/dev/null", "/dev/zero", "/dev/tty", "/seen/file", "/usr/bin/env", "/proc/sys/kernel/hostname", "/proc/1/exe"):
    for name, act in (  # to what they are already: where that works, nothing of the host is spoilt
        ("chmod", lambda: os.chmod(path, os.stat(path).st_mode & 0o7777)),
        ("chown", lambda: os.chown(path, os.geteuid(), -1)),
    ):
        try:
            act(); print("CHANGED", name, path)
        except OSError as error:
            print(name, path, error.strerror)
"""
    cell = sandbox._cell
    monkeypatch.setattr(
        sandbox, "_cell", lambda *given: replace(made := cell(*given), binds=[*made.binds, Bind(str(read_only), "/seen")])
    )
    (sandbox.root / "attack.py").write_text(code)
    result = await sandbox.run((PYTHON, "-I", "attack.py"))

    assert result.ok, result.output_tail
    assert "CHANGED" not in result.output_tail, result.output_tail
    assert [os.lstat(path).st_ctime_ns for path in files] == [found.st_ctime_ns for found in before.values()]


def users_below(pid: int) -> dict[str, set[int]]:
    """The ids of every living process that comes from ``pid``, by the last part of its command line."""
    found: dict[str, set[int]] = {}
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it ended meanwhile
            for child in map(int, path.read_text().split()):
                lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
                ids = {int(part) for name in ("Uid", "Gid", "Groups") for part in lines[name].split()}
                parts = Path(f"/proc/{child}/cmdline").read_text().rstrip("\0").split("\0")
                found |= {parts[-1]: ids} | users_below(child)
    return found


async def test_the_host_sees_a_user_that_owns_nothing(sandbox: WorkdirSandbox) -> None:
    """Of the command, and of bubblewrap in and around its namespaces."""
    script = "echo > begun; sleep 31 & sleep 32 & wait"
    task = asyncio.ensure_future(sandbox.run(("sh", "-c", script)))
    while not (sandbox.root / "begun").exists():
        assert not task.done(), task.result()
        await asyncio.sleep(0.01)
    users: dict[str, set[int]] = {}
    while not {"31", "32"} <= users.keys():
        await asyncio.sleep(0.01)
        users = users_below(os.getpid())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert sandbox.bwrap is not None and sandbox.bwrap.user is not None
    mine = sandbox.bwrap.user.id
    assert {name: users[name] for name in ("31", "32", script)} == {name: {mine} for name in ("31", "32", script)}
    assert FIRST <= mine < FIRST + COUNT
    assert mine not in {account.pw_uid for account in pwd.getpwall()}
    for directory in ("/", "/etc", "/dev", str(sandbox.root), str(sandbox.root.parent)):
        assert mine not in {entry.stat(follow_symlinks=False).st_uid for entry in os.scandir(directory)}


async def test_what_is_private_to_root_is_the_command_s_own(tmp_path: Path) -> None:
    """A checkout made with umask 077 below directories that nobody else may enter; what comes out belongs to root again."""
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    root = closed / "workdir"
    root.mkdir(0o700)
    (root / "made.txt").write_text("from the server")
    (root / "made.txt").chmod(0o600)
    sandbox = open_sandbox(root, cache=closed / "cache")
    script = "cat made.txt && echo more >> made.txt && mkdir -m 700 below && echo x > below/file && chmod 600 below/file"
    result = await sandbox.run(("sh", "-c", f"{script} && stat -c %u made.txt below && id -u"))

    assert result.output_tail == "from the server65534\n65534\n65534\n"
    assert (root / "made.txt").read_text() == "from the servermore\n"
    assert {path.stat().st_uid for path in (*root.rglob("*"), root)} == {0}
    assert {path.stat().st_gid for path in (*root.rglob("*"), root)} == {root.stat().st_gid}
    assert stat.S_IMODE((root / "below/file").stat().st_mode) == 0o600


async def test_git_works_inside_and_outside(sandbox: WorkdirSandbox) -> None:
    git(sandbox.root, "init", "-q", "-b", "main")
    (sandbox.root / "file").write_text("one\n")
    git(sandbox.root, "add", ".")
    git(sandbox.root, "commit", "-q", "-m", "one")
    result = await sandbox.run(
        ("sh", "-c", "git log --format=%s && echo two >> file && git diff --stat && mkdir d && echo x > d/new")
    )

    assert result.ok, result.output_tail
    assert result.output_tail.startswith("one\n file | 1 +")
    assert git(sandbox.root, "status", "--porcelain") == " M file\n?? d/\n"
    git(sandbox.root, "add", ".")
    git(sandbox.root, "commit", "-q", "-m", "two")
    assert (await sandbox.run(("git", "status", "--porcelain"))).output_tail == ""


async def test_standard_output_can_be_opened_by_name(sandbox: WorkdirSandbox) -> None:
    """Scripts write to /dev/stderr; the pipe behind it would belong to the server's user."""
    result = await sandbox.run(("sh", "-c", "echo one > /dev/stdout; echo two > /proc/self/fd/2; cat < /dev/stdin; echo three"))
    assert result.output_tail == "one\ntwo\nthree\n"


async def test_each_sandbox_has_a_user_of_its_own_and_leaves_no_descriptor(tmp_path: Path) -> None:
    def opened(number: int) -> int:
        place = tmp_path / str(number)
        place.mkdir()
        bwrap = open_sandbox(place, cache=tmp_path / "cache").bwrap
        assert bwrap is not None and bwrap.user is not None
        return bwrap.user.id

    opened(0)
    before = descriptors()
    users = {opened(number) for number in range(1, 4)}
    assert len(users) > 1  # by chance, out of 65,536
    assert descriptors() <= before


async def test_root_s_own_user_is_a_choice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "workdir").mkdir()
    sandbox = open_sandbox(tmp_path / "workdir", cache=tmp_path / "cache", first_user=0)
    assert (await sandbox.run(("sh", "-c", "echo x > file; stat -c %u file"))).output_tail == "65534\n"
    assert (tmp_path / "workdir/file").stat().st_uid == 0
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("first", "said"),
    [(-1, "can't be -1 to 65534"), (2**32 - 100, "can't be 4294967196 to "), (1, "the account .* is among them")],
)
async def test_users_that_are_somebody_are_refused(tmp_path: Path, first: int, said: str) -> None:
    with pytest.raises(SandboxFailed, match=said) as refused:
        open_sandbox(tmp_path, cache=tmp_path / "cache", first_user=first)
    assert "MGX_SANDBOX_UID" in refused.value.hint


OPEN = """
import asyncio, pathlib, sys, structlog
from agent.sandbox import check, open_sandbox
structlog.configure(processors=[structlog.processors.KeyValueRenderer(["event"])])
place = pathlib.Path(sys.argv[1])
check(place)
sandbox = open_sandbox(place, cache=place / "cache")
assert sandbox.bwrap.user is None
print(asyncio.run(sandbox.run(("sh", "-c", "echo made > file; cat file"))).output_tail)
"""


def test_where_root_may_not_mount_it_is_said_once_and_commands_run(tmp_path: Path) -> None:
    """As in a container without CAP_SYS_ADMIN."""
    bounded = ["/usr/bin/setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-all", sys.executable, "-c", OPEN]
    done = subprocess.run([*bounded, str(tmp_path)], capture_output=True, text=True, timeout=SOON, check=False)

    assert done.returncode == 0, done.stderr
    said, *rest = done.stdout.splitlines()
    assert "commands in the sandbox run as the host's root" in said
    assert "set MGX_SANDBOX_UID=0" in said
    assert f"what is in {tmp_path} can't be shown to them as theirs (Operation not permitted)" in said
    assert rest == ["made", ""]


def test_what_is_mounted_before_the_sandbox_is_ready_is_not_taken_for_its_own() -> None:
    """The limits count the file systems that they find first; those in /dev/shm and beside /tmp would be left out."""
    script = "mount -t tmpfs staged /tmp && echo mounted && read end"
    argv = ["/usr/bin/unshare", "--mount", "sh", "-c", script]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as setting_up:
        assert setting_up.stdout is not None
        assert setting_up.stdout.readline() == b"mounted\n"
        files = TemporaryFiles()
        assert files.used([setting_up.pid]) == (0, 0)
        assert files._paths == []
        setting_up.communicate(b"\n")
