"""Killed or out of disk at every system call of a patch: after recovery the tree is exactly before or exactly after."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.patch import apply_patch, recover
from tests.agent.patch.test_apply import snapshot
from tests.support.drills import chance, times

pytestmark = pytest.mark.slow

CALLS = ("open", "write", "mkdir", "rename", "unlink", "fsync", "fchmod", "rmdir")
TEXT = "FILE: kept.txt\nnew\nFILE: run.sh\necho 2\nFILE: made/deep/a.txt\na\nFILE: made/b.txt\nb\nFILE: empty\n"
LIMIT = 400
STEP = times(1, 4)
FIRST = chance("calls").randint(1, STEP)
"""The short form tries every other call, the odd or the even ones."""


def make(root: Path) -> None:
    root.mkdir()
    (root / "kept.txt").write_bytes(b"old\r\nlines\r\n")
    (root / "run.sh").write_text("echo 1\n")
    (root / "run.sh").chmod(0o755)
    (root / "other").mkdir()
    (root / "other/untouched").write_text("x")


def intercept(at: int, hit: Callable[[], None], *, after: bool, names: tuple[str, ...] = CALLS) -> None:
    """From now on the ``at``-th of the calls in ``names`` runs ``hit`` before or after it."""
    count = 0

    def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            mine = count == at
            if mine and not after:
                hit()
            try:
                return real(*args, **kwargs)
            finally:
                if mine and after:
                    hit()

        return call

    for name in names:
        setattr(os, name, wrapped(getattr(os, name)))


def in_child(act: Callable[[], None]) -> int:
    """Runs ``act`` in a forked child; returns its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after_swaps(root: Path, count: int, patch: str) -> None:
    """A process that dies once so many files are swapped."""

    def act() -> None:
        real, swaps = os.rename, 0

        def rename(source: Any, target: Any, **kwargs: Any) -> None:
            nonlocal swaps
            real(source, target, **kwargs)
            swaps += "src_dir_fd" in kwargs
            if swaps == count:
                die()

        os.rename = rename  # type: ignore[assignment]
        apply_patch(root, patch)

    assert os.WIFSIGNALED(in_child(act))


@pytest.fixture
def states(tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    root = tmp_path / "reference"
    make(root)
    before = snapshot(root)
    apply_patch(root, TEXT)
    return before, snapshot(root)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_call(tmp_path: Path, states: tuple[dict[str, Any], dict[str, Any]], after: bool) -> None:
    seen = set()
    for at in range(FIRST, LIMIT, STEP):
        root = tmp_path / f"tree-{at}"
        make(root)

        def act(root: Path = root, at: int = at) -> None:
            intercept(at, die, after=after)
            apply_patch(root, TEXT)

        status = in_child(act)
        recover(root)
        now = snapshot(root)
        assert now in states, f"half-way after a kill at call {at}"
        seen.add(states.index(now))
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        assert apply_patch(root, TEXT).success
        assert snapshot(root) == states[1]
    else:
        pytest.fail("the patch never ran to its end")
    assert at > 40
    assert seen == {0, 1}


def test_killed_while_recovering(tmp_path: Path, states: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """A kill in the middle of the swap, then a kill at every call of the recovery."""
    for at in range(FIRST, LIMIT, STEP):
        root = tmp_path / f"tree-{at}"
        make(root)
        swaps = 0

        def act(root: Path = root) -> None:
            real = os.rename

            def rename(source: Any, target: Any, **kwargs: Any) -> None:
                nonlocal swaps
                real(source, target, **kwargs)
                swaps += "src_dir_fd" in kwargs
                if swaps == 4:
                    die()

            os.rename = rename  # type: ignore[assignment]
            apply_patch(root, TEXT)

        assert os.WIFSIGNALED(in_child(act))
        assert snapshot(root) not in states

        def again(root: Path = root, at: int = at) -> None:
            intercept(at, die, after=True)
            recover(root)

        status = in_child(again)
        recover(root)
        assert snapshot(root) == states[0]
        if os.WIFEXITED(status):
            return
    pytest.fail("the recovery never ran to its end")


@pytest.mark.parametrize("call", ["write", "mkdir", "rename", "open", "fsync"])
def test_a_disk_that_fills_up_changes_nothing(tmp_path: Path, states: tuple[dict[str, Any], dict[str, Any]], call: str) -> None:
    """The call fails once; what comes after (the recovery) works."""
    for at in range(FIRST, LIMIT, STEP):
        root = tmp_path / f"tree-{at}"
        make(root)

        def full() -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def act(root: Path = root, at: int = at) -> None:
            intercept(at, full, after=False, names=(call,))
            try:
                apply_patch(root, TEXT)
            except OSError as error:
                os._exit(7 if error.errno == errno.ENOSPC else 1)

        status = in_child(act)
        assert os.WIFEXITED(status)
        code = os.WEXITSTATUS(status)
        recover(root)
        assert snapshot(root) == states[0 if code == 7 else 1], f"{call} number {at}, exit {code}"
        if code == 0:
            return
        assert code == 7
    pytest.fail("the patch never ran to its end")
