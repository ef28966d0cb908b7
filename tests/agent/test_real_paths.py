"""Links that lead in circles, out of the repository or nowhere, and names that no file has, end no look into a repository."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from agent.changes.baseline_files import BaselineFiles
from agent.checks.failing_tests import compare
from agent.real_paths import is_file_inside, is_inside, real
from agent.sandbox import report_files
from agent.sandbox.placeholders import empty_file
from agent.sandbox.requirements import collect
from agent.sandbox.toolchains import composer_manifest

LINKS = {
    "itself": "itself", "one": "two", "two": "three", "three": "one", "deep": "chain0", "out": "../outside", "nowhere": "gone",
    "below": "itself/x", "up": "..", **{f"chain{number}": f"chain{number + 1}" for number in range(60)}, "chain60": "itself",
}  # fmt: skip
NOT_INSIDE = (
    "itself", "itself/x.py", "one", "two/x.py", "deep", "deep/x.py", "out", "out/x.py", "below", "up", "up/x.py", "n\0l",
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "root"
    (found / "src").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    for place in (tmp_path / "outside" / "x.py", tmp_path / "outside" / "x.php", tmp_path / "x.py", found / "src" / "x.py"):
        place.write_text("def test_x(): ...\n")
    for name, target in LINKS.items():
        (found / name).symlink_to(target)
    (found / "same").symlink_to("src")
    return found


@pytest.mark.parametrize("name", NOT_INSIDE, ids=range(len(NOT_INSIDE)))
def test_what_leads_elsewhere_or_in_circles_is_not_inside(root: Path, name: str) -> None:
    assert not is_inside(root, root / name)
    assert not is_file_inside(root, root / name)


def test_what_lies_in_it_is_inside_be_it_there_or_not(root: Path) -> None:
    for name in ("src/x.py", "same/x.py"):
        assert is_file_inside(root, root / name) and real(root / name) == root.resolve() / "src" / "x.py"
    for name in ("nowhere", "src", "gone/gone.py", ""):
        assert is_inside(root, root / name) and not is_file_inside(root, root / name)
    assert not is_file_inside(root, root / ("a" * 5_000))


@pytest.mark.parametrize("name", NOT_INSIDE, ids=range(len(NOT_INSIDE)))
def test_a_file_behind_such_a_link_is_not_there_for_a_change(root: Path, name: str) -> None:
    baseline = BaselineFiles(root)
    assert (baseline.now(name), baseline.mode_now(name)) == (None, None)


NAMES = [f"{name}::test_x" if name.endswith(".py") else f"{name}.x.py::test_x" for name in NOT_INSIDE]
NAMES += [f"{name.removesuffix('.py').replace('/', '.')}.Class.test_x" for name in NOT_INSIDE]
NAMES += ["/.x.y", "//.x.y", ".x.y", "..x.y", f"{'a' * 5_000}.py::x", f"{'a' * 5_000}.b.c", f"{'a/' * 3_000}b.py::x", ".py::x"]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_test_of_such_a_name_is_told_as_any_other(root: Path, name: str) -> None:
    before = {"status": "failed", "failed": 1, "failing": [name]}
    found = compare(before, {"status": "passed", "failed": 0, "failing": []}, root)
    assert sorted((*found["fixed"], *found["gone"])) == [name]


@pytest.mark.parametrize("name", NOT_INSIDE, ids=range(len(NOT_INSIDE)))
def test_requirements_that_such_a_link_includes_are_passed_over(root: Path, name: str) -> None:
    (root / "requirements.txt").write_text(f"-r {name}\nattrs\n")
    (root / "requirements-dev.txt").symlink_to("itself")
    assert [str(wanted) for wanted in collect(root).names] == ["attrs"]


def test_classes_are_not_looked_for_behind_such_links(root: Path) -> None:
    (root / "src" / "A.php").write_text("<?php\n")
    (root / "src" / "B.php").symlink_to("B.php")
    (root / "src" / "C.php").symlink_to("../../outside/x.php")
    places = [name for name in NOT_INSIDE if "\0" not in name]
    manifest = {"name": "a/b", "autoload": {"classmap": [*places, "src"]}, "require": {"a/c": "1.0"}}
    (root / "composer.json").write_text(json.dumps(manifest))
    assert composer_manifest.read(root, "").classes == ["src/A.php"]


@pytest.mark.parametrize("name", NOT_INSIDE, ids=range(len(NOT_INSIDE)))
def test_reports_are_not_read_there_and_nothing_is_laid_there(root: Path, tmp_path: Path, name: str) -> None:
    written = tmp_path / "reports"
    written.mkdir()
    os.utime(tmp_path / "outside" / "x.py", (time.time() + 60,) * 2)
    assert report_files.collect(root, name, written, ["**/*.py"]) == {}
    if "\0" not in name:
        with empty_file(root, f"{name}/new") as made:
            assert not made
        assert not os.path.lexists(tmp_path / "outside" / "new")
