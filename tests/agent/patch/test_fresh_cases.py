"""Small edits as models send them, that the engine was not built against: the right text, or a refusal where one is right.

A line of ``fresh_cases.jsonl`` holds ``before`` ({path: text}), ``patch``, ``after`` (every tree that is right), ``refusal``
(a refusal is right too), ``unchanged`` (so is success that changes nothing) and ``why``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.patch import PatchRejected, apply_patch

CASES: dict[str, dict[str, Any]] = {
    row["name"]: row for row in map(json.loads, (Path(__file__).parent / "fresh_cases.jsonl").read_text("utf-8").splitlines())
}


def tree_of(root: Path) -> dict[str, str]:
    """The files below ``root`` without the engine's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode()
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] != ".mgx"
    }


def grow(root: Path, files: dict[str, str]) -> None:
    """Writes ``files`` byte for byte."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())


@pytest.mark.parametrize("name", CASES)
def test_an_edit_of_a_model_is_right_or_refused(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    grow(tmp_path, case["before"])
    try:
        apply_patch(tmp_path, case["patch"])
    except PatchRejected:
        assert tree_of(tmp_path) == case["before"], "refused, but a file is another"
        assert case["refusal"], case["why"]
        return
    assert tree_of(tmp_path) in [*case["after"], *([case["before"]] if case["unchanged"] else [])], case["why"]


def test_all_cases_are_read() -> None:
    assert len(CASES) == 59
