"""The links with which a sandbox begins at a kept build of Go: made ahead, given once, and to the build that is there now."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.sandbox.toolchains import go_builds, laid_ahead
from agent.sandbox.toolchains.places import BuildDirectory
from tests.support.patience import SOON

FILES = 12


def build(cache: Path, name: str = "first") -> Path:
    made = cache / go_builds.KEPT / "modules-tree"
    for number in range(FILES):
        place = made / go_builds.CACHE / f"{number % 3:02x}" / f"{number}-d"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("compiled")
    (made / go_builds.CACHE / go_builds.TRIM).write_text("1")
    (made / laid_ahead.NAME).write_text(name)
    return made


@pytest.fixture
def linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every link that is made here; what an earlier test left may be making its own at the time."""
    real, made = os.symlink, []

    def count(source: Any, target: Any, *args: Any, **options: Any) -> None:
        if str(target).startswith(f"{tmp_path}/"):
            made.append(str(target))
        real(source, target, *args, **options)

    monkeypatch.setattr(os, "symlink", count)
    return made


def contents(place: Path) -> dict[str, str]:
    return {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}


def test_links_that_were_made_ahead_cost_one_rename(tmp_path: Path, linked: list[str]) -> None:
    made = build(tmp_path)
    go_builds.lay(made, tmp_path / "cold")
    assert len(linked) == FILES
    go_builds.lay_ahead(made)
    del linked[:]
    go_builds.lay(made, tmp_path / "warm")
    assert linked == []
    assert {name: text for name, text in contents(tmp_path / "warm").items() if name != go_builds.TRIM} == {
        f"{number % 3:02x}/{number}-d": "compiled" for number in range(FILES)
    }
    assert (tmp_path / "warm" / go_builds.TRIM).read_text() != "1"


def test_a_set_of_links_is_given_once(tmp_path: Path, linked: list[str]) -> None:
    """What one run writes into its cache is never in the next one's."""
    made = build(tmp_path)
    go_builds.lay_ahead(made)
    go_builds.lay(made, tmp_path / "one")
    (tmp_path / "one" / "00" / "ran").write_text("poison")
    del linked[:]
    go_builds.lay(made, tmp_path / "two")
    assert len(linked) == FILES
    assert "00/ran" not in contents(tmp_path / "two")


def test_links_are_for_the_build_that_is_there_now(tmp_path: Path, linked: list[str]) -> None:
    """A build of the same tree that was made anew may have other files: a link to nothing would break the compiler."""
    made = build(tmp_path)
    go_builds.lay_ahead(made)
    shutil.rmtree(made)
    made = build(tmp_path, "second")
    del linked[:]
    go_builds.lay(made, tmp_path / "one")
    assert len(linked) == FILES
    go_builds.lay_ahead(made)
    assert len([*(tmp_path / go_builds.LAID).iterdir()]) == 1, "the links to the build before are still there"

    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.copytree(tmp_path / go_builds.KEPT, moved / go_builds.KEPT)
    shutil.copytree(tmp_path / go_builds.LAID, moved / go_builds.LAID, symlinks=True)
    del linked[:]
    go_builds.lay(moved / go_builds.KEPT / made.name, tmp_path / "two")
    assert len(linked) == FILES


def test_links_are_made_when_a_build_directory_is_let_go(tmp_path: Path) -> None:
    done = threading.Event()
    own = BuildDirectory(tmp_path)
    own.afterwards.append(done.set)
    assert not done.is_set()
    own.release()
    assert done.wait(SOON)
    assert not own.path.exists()
