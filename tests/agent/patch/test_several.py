"""Several answers, each in a format of its own, are one patch."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_edits, list_backups, parse_edits

WHOLE = "FILE: new.py\nNEW = 1\n"
BLOCK = "old.py\n<<<<<<< SEARCH\nOLD = 1\n=======\nOLD = 2\n>>>>>>> REPLACE\n"
DELETION = "*** Begin Patch\n*** Delete File: gone.py\n*** End Patch\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "old.py").write_text("OLD = 1\n")
    (tmp_path / "gone.py").write_text("GONE = 1\n")
    return tmp_path


def files(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in root.iterdir() if path.suffix == ".py"}


def test_they_go_in_together(root: Path) -> None:
    result = apply_edits(root, [parse_edits(text) for text in (WHOLE, BLOCK, DELETION)])

    assert [(file.path, file.action) for file in result.files] == [
        ("new.py", "created"), ("old.py", "modified"), ("gone.py", "deleted"),
    ]  # fmt: skip
    assert files(root) == {"new.py": "NEW = 1\n", "old.py": "OLD = 2\n"}
    assert len(list_backups(root)) == 1, "one transaction"


@pytest.mark.parametrize(
    "other",
    [
        BLOCK.replace("OLD = 1", "NOT = THERE"),
        "FILE: old.py\nOLD = 3\n",
        "FILE: OLD.PY\nOLD = 3\n",
        "FILE: new.py/inside.py\nX = 1\n",
        "no edits at all",
    ],
    ids=["does not fit", "the same file", "the same but for case", "below a file", "unreadable"],
)
def test_one_that_is_refused_keeps_all_of_them_out(root: Path, other: str) -> None:
    before = files(root)
    with pytest.raises(PatchRejected):
        apply_edits(root, [parse_edits(text) for text in (WHOLE, BLOCK, other)])
    assert files(root) == before
