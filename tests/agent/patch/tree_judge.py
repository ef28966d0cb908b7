"""Says whether an answer of ``kinds`` is right, refused or wrong with our engine."""

from __future__ import annotations

import shutil
from pathlib import Path

from agent.patch import parse_edits, preview
from tests.agent.patch.judge import REFUSED, RIGHT, WRONG
from tests.agent.patch.kinds import Answer


def judged_tree(root: Path, answer: Answer) -> str:
    """By what the engine would write into a tree at ``root``, which is made for it."""
    put(root, answer)
    parsed = parse_edits(answer.text)
    result, made = preview(root, parsed) if parsed.error is None else (None, [])
    if result is None or not result.success:
        return REFUSED if answer.right else RIGHT
    after = {**answer.files, **{file.path: file.text for file in made}}
    return RIGHT if {path: text for path, text in after.items() if text is not None} in answer.right else WRONG


def put(root: Path, answer: Answer) -> None:
    """Makes the tree that the answer is for, in the place of one that was there."""
    shutil.rmtree(root, ignore_errors=True)
    for path, text in answer.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
