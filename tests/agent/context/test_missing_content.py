"""The team knows what is not here, and can't write over it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.context import Interest, collect_context, read_text
from agent.context.missing_content import absent, submodules
from agent.guardrails import check
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.stacks import get

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345\n"


def make(root: Path) -> Path:
    (root / ".gitmodules").write_text(
        '[submodule "a"]\n\tpath = libs/a\n\turl = ../a\n[submodule "stale"]\n\tpath = src\n'
        '[submodule "evil"]\n\tpath = ../..\n[submodule "all"]\n\tpath = .\n[submodule "root"]\n\tpath = /\n'
    )
    for folder in ("libs/a", "src"):
        (root / folder).mkdir(parents=True)
    (root / "src" / "main.py").write_text("x = 1\n")
    (root / ".gitattributes").write_text("*.csv filter=lfs diff=lfs merge=lfs -text\n")
    (root / "data.csv").write_text(POINTER)
    (root / "notes.md").write_text(f"A pointer:\n{POINTER}")
    return root


def test_only_what_is_really_elsewhere_is_named(tmp_path: Path) -> None:
    make(tmp_path)
    assert submodules(tmp_path) == ["libs/a"]
    assert absent(tmp_path, [".gitattributes", "data.csv", "notes.md", "src/main.py"]).splitlines() == [
        "Submodules, whose files are not here and can't be changed: libs/a",
        "Git LFS files, of which only pointers are here; leave them as they are: data.csv",
    ]


def test_the_team_is_told(tmp_path: Path) -> None:
    view = asyncio.run(collect_context(make(tmp_path), ["data.csv"], Interest()))
    assert "libs/a" in view.absent
    assert view.hidden["data.csv"] == "Git LFS keeps its content elsewhere"
    assert read_text(tmp_path, "data.csv") is None


def test_a_repository_that_is_whole_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(POINTER)
    assert absent(tmp_path, ["data.csv"]) == ""


def test_neither_is_written_over(tmp_path: Path) -> None:
    make(tmp_path)
    spec = TaskSpec("Fix it", output_mode="patch_existing")
    answer = (
        "FILE: libs/a/x.py\nx = 1\nFILE: libs/a\nx\nFILE: data.csv\na,b\nFILE: libs/ab.py\nx = 1\nFILE: src/main.py\nx = 2\n"
    )
    result = check([parse_edits(answer)], root=tmp_path, stack=get("fastapi"), spec=spec)
    assert [(finding.code, finding.path) for finding in result.errors] == [
        ("inside_submodule", "libs/a/x.py"),
        ("inside_submodule", "libs/a"),
        ("lfs_pointer", "data.csv"),
    ]
    assert all(finding.hint for finding in result.errors)
