"""The pre-commit hooks are the project's own tools: they need no network, and agree with `make lint` and `make docs-check`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIGURATION = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text("utf-8"))
HOOKS = {hook["id"]: hook for repo in CONFIGURATION["repos"] for hook in repo["hooks"]}
CHECK = CHECKOUT / ".ci/check_files.py"


def check(option: str, *paths: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, CHECK, option, *paths], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_hooks_are_tools_of_the_project() -> None:
    assert [repo["repo"] for repo in CONFIGURATION["repos"]] == ["local"]
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}
    assert {hook["entry"].split()[0] for hook in HOOKS.values()} == {".venv/bin/python", ".venv/bin/ruff", ".venv/bin/uv"}
    scripts = {word for hook in HOOKS.values() for word in hook["entry"].split() if word.endswith(".py")}
    assert [name for name in scripts if not (CHECKOUT / name).is_file()] == []


def test_hooks_do_what_make_does() -> None:
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    entries = " | ".join(hook["entry"] for hook in HOOKS.values())
    for command in ("ruff check", "ruff format --check", "python docs/generate.py --check"):
        assert f"--no-sync {command}\n" in makefile
        assert command in entries


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", ">>>>>>> theirs"])
def test_a_merge_marker_is_named_with_its_line(tmp_path: Path, marker: str) -> None:
    path = tmp_path / "notes.md"
    path.write_text(f"# Notes\n=======\n{marker}\n")
    assert check("--merge-markers", path) == (1, f"{path}:3: a merge marker. Resolve the conflict.\n")
    path.write_text("# Notes\n=======\n")
    assert check("--merge-markers", path)[0] == 0


def test_an_edit_in_the_docs_is_not_a_merge(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n")
    assert check("--merge-markers", path)[0] == 0


def test_no_file_has_a_merge_marker_or_is_large() -> None:
    """A merge that was committed unresolved runs no hook."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    relative = [Path(name) for name in listed.split("\0") if name]
    assert relative
    assert check("--merge-markers", *relative) == (0, "\n")
    assert check("--large", *relative) == (0, "\n")


def test_a_large_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(b"x" * 600_000)
    assert check("--large", path)[0] == 0
    path.write_bytes(b"x" * 600_001)
    assert check("--large", path)[1].startswith(f"{path}: 600,001 bytes")
