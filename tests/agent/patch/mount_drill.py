"""Applies patches to trees with mounts in them, in a mount namespace of its own: run it by ``unshare -rm``, with a directory.

Prints for each case as JSON what the patch said, what the tree held before and after it, and whether a later patch went in.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from agent.patch import PatchRejected, apply_patch, recover
from tests.agent.patch.test_crash import kill_after_swaps

PATCH = "FILE: a.txt\nA2\nFILE: vol/b.txt\nB2\nFILE: vol/new/c.txt\nC\n"
LATER = "FILE: a.txt\nlater\n"


def main(directory: Path) -> None:
    cases = {
        "tmpfs": _tmpfs, "read_only": _read_only, "full": _full, "same_file_system": _bound, "one_file": _one_file,
        "copies_do_not_fit": _tiny,
    }  # fmt: skip
    found = {name: _run(directory / name, prepare) for name, prepare in cases.items()}
    print(json.dumps({**found, "killed": [_killed(directory / f"killed-{swaps}", swaps) for swaps in (1, 2, 3)]}))


def _run(root: Path, prepare: Callable[[Path], str]) -> dict[str, object]:
    (root / "vol").mkdir(parents=True)
    (root / "a.txt").write_text("A\n")
    (root / "vol/b.txt").write_text("hidden by the mount\n")
    patch = prepare(root)
    before = _held(root)
    try:
        said = "applied" if apply_patch(root, patch).success else "refused"
    except PatchRejected as refused:
        said = refused.detail
    except OSError as error:
        said = str(error)
    after = _held(root)
    later = apply_patch(root, LATER).success and (root / "a.txt").read_text() == "later\n"
    left = sorted(path.relative_to(root).as_posix() for path in (root / "vol").rglob(".mgx"))
    return {"said": said, "before": before, "after": after, "later": later, "left": left}


def _killed(root: Path, swaps: int) -> dict[str, object]:
    """The process dies once so many files are swapped, the first of them on the root's file system."""
    (root / "vol").mkdir(parents=True)
    (root / "a.txt").write_text("A\n")
    patch = _tmpfs(root)
    before = _held(root)
    kill_after_swaps(root, swaps, patch)
    half, problems = _held(root), recover(root)
    left = sorted(path.relative_to(root).as_posix() for path in (root / "vol").rglob(".mgx"))
    return {"before": before, "half": half, "after": _held(root), "problems": problems, "left": left}


def _held(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and ".mgx" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_text()[:20] for path in files}


def _mount(root: Path, *options: str) -> None:
    subprocess.run(["mount", *options, str(root / "vol")], check=True, capture_output=True)


def _tmpfs(root: Path) -> str:
    _mount(root, "-t", "tmpfs", "-o", "size=64k", "none")
    (root / "vol/b.txt").write_text("B\n")
    return PATCH


def _read_only(root: Path) -> str:
    _tmpfs(root)
    _mount(root, "-o", "remount,ro")
    return PATCH


def _full(root: Path) -> str:
    _tmpfs(root)
    return PATCH.replace("C\n", "C\n" * 50_000)


def _tiny(root: Path) -> str:
    """There is room for the new file, but not for both it and a copy of the old one."""
    _tmpfs(root)
    (root / "vol/b.txt").write_text("B\n" * 15_000)
    return PATCH.replace("B2\n", "B2\n" * 8_000)


def _bound(root: Path) -> str:
    (root / "other").mkdir()
    (root / "other/b.txt").write_text("B\n")
    _mount(root, "--bind", str(root / "other"))
    return PATCH


def _one_file(root: Path) -> str:
    """A file that is a mount itself can be read and can't be replaced: only the swap shows it."""
    (root / "other.txt").write_text("B\n")
    subprocess.run(["mount", "--bind", str(root / "other.txt"), str(root / "vol/b.txt")], check=True, capture_output=True)
    return PATCH


if __name__ == "__main__":
    main(Path(sys.argv[1]))
