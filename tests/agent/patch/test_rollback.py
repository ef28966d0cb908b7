"""Going back: only what was swapped, all of it that can be, and what can't is told and never stands in the way."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AgentError, Paused
from agent.patch import PatchRejected, apply_patch, list_backups, recover
from agent.patch.rollback import KEEP, NotTakenBack
from agent.patch.transaction import FileSwap, commit
from agent.patch.tree import Blocked
from agent.stages import apply
from tests.agent.patch.test_apply import snapshot
from tests.agent.patch.test_crash import in_child, kill_after_swaps

NOBODY = 65534
PATCH = "FILE: a.txt\nA2\nFILE: locked/b.txt\nB2\nFILE: made/c.txt\nC\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "locked").mkdir()
    (tmp_path / "a.txt").write_text("A\n")
    (tmp_path / "locked/b.txt").write_text("B\n")
    return tmp_path


def fails_at(monkeypatch: pytest.MonkeyPatch, name: str, reason: str) -> None:
    """Renaming to this name fails, be it forth or back."""
    real = os.rename

    def rename(source: Any, target: Any, **kwargs: Any) -> None:
        if target == name:
            raise OSError(13, reason)
        real(source, target, **kwargs)

    monkeypatch.setattr(os, "rename", rename)


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """One that another user may reach, which pytest's own are not."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    yield place
    for path in place.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(place)


def test_a_directory_that_a_user_may_not_write_in_refuses_the_whole_patch(open_directory: Path) -> None:
    root = open_directory / "tree"
    (root / "locked").mkdir(parents=True)
    (root / "a.txt").write_text("A\n")
    (root / "locked/b.txt").write_text("B\n")
    (root / "locked").chmod(0o555)
    if os.geteuid() == 0:
        for path in (root, root / "a.txt", root / "locked", root / "locked/b.txt"):
            os.chown(path, NOBODY, NOBODY)
    before = snapshot(root)

    apply_patch(open_directory, "FILE: first.txt\nall that is imported late is there now\n")

    def act() -> None:
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        said = ""  # nothing is imported here: that user may not read where Python is
        try:
            apply_patch(root, PATCH)
        except PatchRejected as refused:
            said = refused.detail
        assert "locked/b.txt: it can't be written because this program may not write in its directory locked" in said
        assert snapshot(root) == before
        assert apply_patch(root, "FILE: a.txt\nlater\n").success

    assert in_child(act) == 0
    assert (root / "a.txt").read_text() == "later\n"


def test_best_effort_leaves_out_what_can_not_be_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, dir_fd, **__: os.stat(dir_fd).st_ino != (root / "locked").stat().st_ino)
    result = apply_patch(root, PATCH, mode="best_effort")
    assert [(file.path, file.action, file.code) for file in result.files] == [
        ("a.txt", "modified", ""), ("locked/b.txt", "refused", "not_writable"), ("made/c.txt", "created", ""),
    ]  # fmt: skip


def test_an_attribute_that_forbids_changes_is_seen_before_anything_is_swapped(root: Path) -> None:
    marked = subprocess.run(["chattr", "+i", str(root / "locked")], capture_output=True, check=False)
    if marked.returncode:
        pytest.skip(f"chattr +i is not possible here: {marked.stderr.decode().strip()}")
    try:
        before = snapshot(root)
        with pytest.raises(PatchRejected, match="locked"):
            apply_patch(root, PATCH)
        assert snapshot(root) == before
    finally:
        subprocess.run(["chattr", "-i", str(root / "locked")], check=True)
    assert apply_patch(root, PATCH).success


def test_a_failing_swap_takes_back_those_before_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(root)
    with monkeypatch.context() as patched:
        fails_at(patched, "b.txt", "Permission denied")
        with pytest.raises(OSError, match=r"Permission denied: 'locked/b\.txt'"):
            apply_patch(root, PATCH)
    assert snapshot(root) == before
    result = apply_patch(root, PATCH)
    assert (result.success, list(result.notes)) == (True, [])


@pytest.mark.parametrize("what", ["file", "directory"])
def test_what_appears_between_the_check_and_the_swap_is_not_written_over(
    root: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Just before the first swap, ``made/c.txt`` and ``locked/b.txt`` become something else."""
    real = os.rename

    def rename(source: Any, target: Any, **kwargs: Any) -> None:
        if str(target).endswith("txn/record.json"):
            (root / "locked/b.txt").unlink()
            (root / "locked/b.txt").mkdir()
            (root / "locked/b.txt/mine").write_text("mine")
        real(source, target, **kwargs)

    if what == "directory":
        with monkeypatch.context() as patched:
            patched.setattr(os, "rename", rename)
            with pytest.raises(OSError, match=r"locked/b\.txt"):
                apply_patch(root, PATCH)
        assert (root / "locked/b.txt/mine").read_text() == "mine"
    else:
        with pytest.raises(Blocked, match="changed while"):
            commit(root, [FileSwap("a.txt", b"another\n", b"A2\n", 0o644)])
    assert (root / "a.txt").read_text() == "A\n"
    assert not (root / "made").exists()
    assert apply_patch(root, "FILE: a.txt\nlater\n").success


def test_all_that_can_be_taken_back_is_and_the_rest_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The swap of the last file fails, and so does taking back the second: the first is taken back all the same."""
    real, tries = os.rename, {"b.txt": 0}

    def rename(source: Any, target: Any, **kwargs: Any) -> None:
        if target in tries:
            tries[target] += 1
        if target == "c.txt" or tries.get(target, 0) == 2:
            raise OSError(5, "Input/output error")
        real(source, target, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", rename)
        with pytest.raises(NotTakenBack, match=r"made/c\.txt.*locked/b\.txt could not be put back as it was") as failed:
            apply_patch(root, PATCH)
    assert len(failed.value.problems) == 1
    assert (root / "a.txt").read_text() == "A\n"
    assert (root / "locked/b.txt").read_text() == "B2\n"
    assert (root / ".mgx/set-aside/1/backups/1/1").read_text() == "B\n"
    assert ".mgx/set-aside/1" in failed.value.problems[0]
    assert apply_patch(root, "FILE: locked/b.txt\nlater\n").success


def test_a_file_that_a_person_changed_after_a_crash_is_theirs(root: Path) -> None:
    kill_after_swaps(root, 2, PATCH)
    assert (root / "a.txt").read_text() == "A2\n"
    (root / "locked/b.txt").write_text("a person's\n")

    result = apply_patch(root, "FILE: new.txt\nnew\n")

    assert result.success
    assert [note.split(" could")[0] for note in result.notes] == ["locked/b.txt"]
    assert (root / "a.txt").read_text() == "A\n"
    assert (root / "locked/b.txt").read_text() == "a person's\n"
    assert recover(root) is None


def test_what_was_never_swapped_is_not_touched(root: Path) -> None:
    kill_after_swaps(root, 1, PATCH)
    (root / "locked/b.txt").unlink()  # not ours: the patch died before it came to this file
    assert recover(root) == []
    assert (root / "a.txt").read_text() == "A\n"
    assert not (root / "locked/b.txt").exists()


def damaged(text: str) -> Callable[[Path], None]:
    return lambda root: ((root / ".mgx/txn").mkdir(parents=True), (root / ".mgx/txn/record.json").write_text(text))[0]


FORGED = {"path": "../victim", "number": 0, "backup": None, "digest": "0" * 64, "directories": []}


@pytest.mark.parametrize(
    "record",
    ["", "{", "[]", '{"files": 3}', '{"files": [3]}', '{"files": [{}]}', json.dumps({"files": [FORGED]}), "[" * 100_000,
     json.dumps({"files": [{**FORGED, "path": "a", "mount": "../up"}]}), json.dumps({"files": [{**FORGED, "path": 7}]})],
    ids=["empty", "cut off", "a list", "a number", "no entry", "no fields", "outside", "deep", "a mount outside", "no path"],
)  # fmt: skip
def test_a_damaged_record_is_set_aside_and_told(root: Path, record: str) -> None:
    damaged(record)(root)
    result = apply_patch(root, PATCH)
    assert result.success
    assert len(result.notes) == 1
    assert "its record .mgx/txn/record.json is damaged" in result.notes[0]
    assert (root / ".mgx/set-aside/1/txn/record.json").read_text() == record
    assert json.loads((root / ".mgx/set-aside/1/why.json").read_text())
    assert apply_patch(root, "FILE: a.txt\nlater\n").notes == ()


def test_only_the_last_few_are_kept(root: Path) -> None:
    for _ in range(KEEP + 2):
        damaged("{")(root)
        assert recover(root)
    assert sorted(path.name for path in (root / ".mgx/set-aside").iterdir()) == [str(n) for n in range(3, KEEP + 3)]


def test_a_damaged_backup_hides_no_other(root: Path) -> None:
    apply_patch(root, "FILE: a.txt\n1\n")
    apply_patch(root, "FILE: a.txt\n2\n")
    (root / ".mgx/backups/1/record.json").write_text("{")
    assert [backup.name for backup in list_backups(root)] == ["2"]


def test_what_hides_our_directory_from_git_is_written_again_after_a_full_disk(root: Path) -> None:
    (root / ".mgx").mkdir()
    (root / ".mgx/.gitignore").write_text("")
    apply_patch(root, PATCH)
    assert (root / ".mgx/.gitignore").read_text() == "*\n"


def test_an_error_that_reaches_a_person_says_what_is_as_it_was_and_what_is_not() -> None:
    refused = apply.not_written(OSError(errno.EACCES, "Permission denied", "shop/prices.py"))
    told = "The change could not be written: shop/prices.py: Permission denied. The files are as they were before."
    assert isinstance(refused, AgentError)
    assert refused.detail == told
    full = apply.not_written(OSError(errno.ENOSPC, "No space left on device", "shop/prices.py"))
    told = "The change could not be written: shop/prices.py: No space left on device. The files are as they were before."
    assert isinstance(full, Paused)
    assert full.detail == f"The worker's disk is full. {told}"
    half = apply.not_written(NotTakenBack("The change failed: no space", ["b.txt could not be put back as it was."]))
    assert half.detail == "The change failed: no space. b.txt could not be put back as it was."
