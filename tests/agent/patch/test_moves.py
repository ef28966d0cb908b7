"""Renames, copies, deletions and new files that meet at a path are one transaction where they are clear, else refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_edits, apply_patch, list_backups, parse_edits, preview, restore_backup
from tests.agent.patch.test_apply import snapshot
from tests.support.processor import at_most


def rename(old: str, new: str, hunk: str = "") -> str:
    names = f"--- a/{old}\n+++ b/{new}\n{hunk}" if hunk else ""
    return f"diff --git a/{old} b/{new}\nrename from {old}\nrename to {new}\n{names}"


def edited(path: str, hunk: str) -> str:
    return f"--- a/{path}\n+++ b/{path}\n{hunk}"


def deleted(path: str, line: str) -> str:
    head = f"diff --git a/{path} b/{path}\ndeleted file mode 100644\n"
    return f"{head}--- a/{path}\n+++ /dev/null\n@@ -1 +0,0 @@\n-{line}\n"


def added(path: str, line: str) -> str:
    return f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{line}\n"


def envelope(*parts: str) -> str:
    return "*** Begin Patch\n" + "".join(f"*** {part}\n" for part in parts) + "*** End Patch\n"


A_TO_X = "@@ -1 +1 @@\n-A\n+X\n"
COPY = "diff --git a/a b/c\ncopy from a\ncopy to c\n"
BOTH = {"a": "A\n", "b": "B\n"}


def put(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def held(root: Path) -> dict[str, str]:
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {str(path): (root / path).read_text() for path in found if ".mgx" not in path.parts}


CLEAR = {
    "swap": (BOTH, rename("a", "b") + rename("b", "a"), {"a": "B\n", "b": "A\n"}),
    "swap, one edited": (BOTH, rename("a", "b", A_TO_X) + rename("b", "a"), {"a": "B\n", "b": "X\n"}),
    "chain": (BOTH, rename("a", "b") + rename("b", "c"), {"b": "A\n", "c": "B\n"}),
    "chain, last first": (BOTH, rename("b", "c") + rename("a", "b"), {"b": "A\n", "c": "B\n"}),
    "ring of three": (
        {**BOTH, "c": "C\n"},
        rename("a", "b") + rename("b", "c") + rename("c", "a"),
        {"a": "C\n", "b": "A\n", "c": "B\n"},
    ),
    "one file moved twice": ({"a": "A\n"}, rename("a", "b") + rename("b", "c"), {"c": "A\n"}),
    "edited under its new name": ({"a": "A\n"}, rename("a", "b") + edited("b", A_TO_X), {"b": "X\n"}),
    "edited under its old name": ({"a": "A\n"}, rename("a", "b") + edited("a", A_TO_X), {"b": "X\n"}),
    "edited, then moved": ({"a": "A\n"}, edited("a", A_TO_X) + rename("a", "b"), {"b": "X\n"}),
    "moved, edited and edited again": (
        {"a": "A\nB\nC\n"},
        rename("a", "b", "@@ -1 +1 @@\n-A\n+X\n") + edited("b", "@@ -3 +3 @@\n-C\n+Y\n"),
        {"b": "X\nB\nY\n"},
    ),
    "envelope: moved and edited": (
        {"a": "A\n"},
        envelope("Update File: a\n*** Move to: b\n@@\n-A\n+X", "Update File: b\n@@\n-X\n+Y"),
        {"b": "Y\n"},
    ),
    "a new file where the old one was": ({"a": "A\n"}, rename("a", "b") + added("a", "new"), {"a": "new\n", "b": "A\n"}),
    "deleted, another takes its place": (BOTH, deleted("b", "B") + rename("a", "b"), {"b": "A\n"}),
    "deleted and made again": ({"a": "A\n"}, envelope("Delete File: a", "Add File: a\n+X"), {"a": "X\n"}),
    "copied and edited": (
        {"a": "A\n"},
        COPY + edited("a", A_TO_X).replace("b/a", "b/c"),
        {"a": "A\n", "c": "X\n"},
    ),
    "copied, the source edited": ({"a": "A\n"}, COPY + edited("a", A_TO_X), {"a": "X\n", "c": "A\n"}),
    "copied, then moved": ({"a": "A\n"}, COPY + rename("a", "b"), {"b": "A\n", "c": "A\n"}),
    "only the case": ({"Read.md": "A\n"}, rename("Read.md", "READ.md"), {"READ.md": "A\n"}),
    "only the case, and edited": (
        {"Read.md": "A\n"},
        rename("Read.md", "READ.md") + edited("READ.md", A_TO_X),
        {"READ.md": "X\n"},
    ),
    "deleted, and made in another case": (
        {"Read.md": "A\n"},
        envelope("Delete File: Read.md", "Add File: READ.md\n+X"),
        {"READ.md": "X\n"},
    ),
    "backslashes in a diff": ({"src/a.py": "A\n"}, "--- a\\src\\a.py\n+++ b\\src\\a.py\n" + A_TO_X, {"src/a.py": "X\n"}),
    "backslashes above a block": (
        {"src/a.py": "A\n"},
        "src\\a.py\n<<<<<<< SEARCH\nA\n=======\nX\n>>>>>>> REPLACE\n",
        {"src/a.py": "X\n"},
    ),
    "backslashes of a new file": ({}, "FILE: src\\new.py\nX\n", {"src/new.py": "X\n"}),
    "backslashes of a move": (
        {"src/a.py": "A\n"},
        envelope("Update File: src\\a.py\n*** Move to: lib\\a.py\n@@\n-A\n+X"),
        {"lib/a.py": "X\n"},
    ),
}
UNCLEAR = {
    "moved onto a file that stays": (BOTH, rename("a", "b"), "a file with this name already exists"),
    "moved to two places": ({"a": "A\n"}, rename("a", "b") + rename("a", "c"), "contains this file twice"),
    "two files to one place": (BOTH, rename("a", "c") + rename("b", "c"), "contains this file twice"),
    "made, then deleted": ({"a": "A\n"}, envelope("Add File: a\n+X", "Delete File: a"), "contains this file twice"),
    "edited and deleted": ({"a": "A\n"}, edited("a", A_TO_X) + deleted("a", "A"), "contains this file twice"),
    "case of another file": (
        {"Read.md": "A\n", "b": "B\n"},
        rename("b", "READ.md"),
        "the project has Read.md, spelled otherwise",
    ),
    "a file becomes a directory": ({"a": "A\n"}, envelope("Delete File: a", "Add File: a/b\n+X"), "a above it is a file"),
    "out of the project": ({"a": "A\n"}, rename("a", "..\\b"), "can't be used because"),
    "a drive": ({}, "FILE: C:\\b.py\nX\n", "the path can't be used because"),
    "a part of a swap does not fit": (
        BOTH,
        rename("a", "b") + rename("b", "a", "@@ -1 +1 @@\n-other\n+X\n"),
        "the file that is there now stays, as its own edit was refused",
    ),
}


@pytest.mark.parametrize("name", CLEAR)
def test_what_is_clear_is_one_transaction(tmp_path: Path, name: str) -> None:
    files, text, after = CLEAR[name]
    put(tmp_path, files)
    before = snapshot(tmp_path)

    assert apply_patch(tmp_path, text).success

    assert held(tmp_path) == after
    assert len(list_backups(tmp_path)) == 1
    restore_backup(tmp_path, "1")
    now = {path: found for path, found in snapshot(tmp_path).items() if found[0] != "directory"}
    assert now == {path: found for path, found in before.items() if found[0] != "directory"}


@pytest.mark.parametrize("name", UNCLEAR)
@pytest.mark.parametrize("mode", ["all_or_nothing", "best_effort"])
def test_what_is_not_clear_is_refused_and_loses_nothing(tmp_path: Path, name: str, mode: str) -> None:
    files, text, reason = UNCLEAR[name]
    put(tmp_path, files)
    said = ""
    try:
        result = apply_patch(tmp_path, text, mode=mode)  # type: ignore[arg-type]
        said = " ".join(file.reason for file in result.files)
        assert not result.success
    except PatchRejected as refused:
        said = refused.detail
        assert held(tmp_path) == files
    assert reason in said
    lost = set(files.values()) - set(held(tmp_path).values())
    assert lost <= ({"A\n"} if "edited and" in name or "a file becomes" in name else set()), "a text is nowhere any more"


def test_a_script_that_is_made_anew_stays_one(tmp_path: Path) -> None:
    put(tmp_path, {"run.sh": "A\n"})
    (tmp_path / "run.sh").chmod(0o755)
    result = apply_patch(tmp_path, envelope("Delete File: run.sh", "Add File: run.sh\n+X"))
    assert stat.S_IMODE((tmp_path / "run.sh").stat().st_mode) == 0o755
    assert [(file.path, file.action, file.added, file.removed) for file in result.files] == [("run.sh", "modified", 1, 1)]


def test_changes_of_one_file_in_several_answers_are_one(tmp_path: Path) -> None:
    put(tmp_path, {"a": "A\nB\nC\nD\n"})
    block = "a\n<<<<<<< SEARCH\nD\n=======\nY\n>>>>>>> REPLACE\n"
    result = apply_edits(tmp_path, [parse_edits(edited("a", A_TO_X)), parse_edits(block)])
    assert held(tmp_path) == {"a": "X\nB\nC\nY\n"}
    assert [(file.path, len(file.hunks)) for file in result.files] == [("a", 2)]
    with pytest.raises(PatchRejected, match="changes the same lines"):
        apply_edits(tmp_path, [parse_edits(edited("a", "@@ -1 +1 @@\n-X\n+1\n")), parse_edits(block.replace("D", "X"))])


def test_several_answers_move_and_make(tmp_path: Path) -> None:
    put(tmp_path, BOTH)
    apply_edits(tmp_path, [parse_edits(rename("a", "c")), parse_edits("FILE: a\nnew\n")])
    assert held(tmp_path) == {"a": "new\n", "b": "B\n", "c": "A\n"}


@pytest.mark.parametrize("hunk", ["", "@@ -1 +1 @@\n-not there\n+X\n"], ids=["all fit", "the last does not"])
def test_a_long_chain_takes_time_linear_in_it(tmp_path: Path, hunk: str) -> None:
    """Files in one directory, each of which takes the next one's place."""
    count = 1_000
    put(tmp_path, {f"f{at}": f"{at}\n" for at in range(count)})
    text = "".join(rename(f"f{at}", f"f{at + 1}", hunk if at == count - 1 else "") for at in range(count))
    with at_most(1.5):  # a tenth of a second on a quick machine, where the square took two
        result, made = preview(tmp_path, parse_edits(text))
    assert result.success is not bool(hunk)
    assert len(made) == (0 if hunk else count + 1)
