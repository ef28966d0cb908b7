"""What is listed of a change is the final tree beside the base; what is taken back comes back as it was, mode and all."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.changes.baseline_files import BaselineFiles, FileBefore
from agent.changes.hunks import hunks, without
from agent.checks.test_configuration import SetAside, Swap
from agent.patch.transaction import FileSwap
from agent.patch.tree import Blocked
from agent.pipeline import carry_out
from agent.ports import CommandResult, JSONObject, Outcome, TaskSpec
from agent.stages.change_decisions import put_back, reverted_files
from tests.agent.harness import Harness, ScriptedModel, TableSandbox, make_repository
from tests.support.team_script import plan, review, script

SPEC = TaskSpec("Make the values better", stack="fastapi")
LINES = "".join(f"VALUE_{number} = {number}\n" for number in range(80))
FILES = {
    "shop/values.py": "OLD = 1\n", "shop/old.py": "OLD = 2\n", "run.sh": "#!/bin/sh\necho run\n",
    "bin/tool": "#!/bin/sh\nexit 0\n", "tests/test_values.py": "def test_nothing():\n    pass\n",
}  # fmt: skip
GONE = "*** Begin Patch\n*** Delete File: run.sh\n*** Delete File: bin/tool\n*** End Patch\n"
PLAIN = "diff --git a/run.sh b/run.sh\nold mode 100755\nnew mode 100644\n"


def repository(root: Path) -> Path:
    make_repository(root, FILES)
    for path in ("run.sh", "bin/tool"):
        (root / path).chmod(0o755)
    return root


def mode(root: Path, path: str) -> int:
    return stat.S_IMODE((root / path).stat().st_mode)


async def deliver(workdir: Path, answers: list[str], *decisions: JSONObject) -> tuple[Harness, Outcome]:
    """A run in which the reviewer asks for something after each of the ``answers`` but the last."""
    asked = [review("revise", f"Wish {number}") for number in range(len(answers) - 1)]
    named = plan("shop/values.py", "shop/old.py", "shop/new.py", "shop/extra.py", "run.sh", "bin/tool")
    team: Any = script(code=answers[0], DraftPlan=[named], ReviseCode=answers[1:], ReviewCode=[*asked, review()])
    spec = TaskSpec(SPEC.text, stack="fastapi", max_revision_rounds=9, max_rounds=9)
    harness = Harness(repository(workdir), ScriptedModel(team))
    draft = await harness.plan(spec)
    return harness, await carry_out(spec, draft, workdir, harness.ports, decisions=decisions)


def told(outcome: Outcome) -> list[tuple[Any, ...]]:
    return [(file["path"], file["action"], file["added"], file["removed"]) for file in outcome.files]


@pytest.mark.asyncio
async def test_files_are_counted_from_the_final_tree(workdir: Path) -> None:
    whole = f"FILE: shop/values.py\n{LINES}\nFILE: shop/extra.py\nEXTRA = 1\nMORE = 1\n\nFILE: bin/tool\n{FILES['bin/tool']}"
    last = LINES.replace("VALUE_7 = 7\n", "VALUE_7 = 'seven'\n")
    block = "shop/values.py\n<<<<<<< SEARCH\nVALUE_7 = 7\n=======\nVALUE_7 = 'seven'\n>>>>>>> REPLACE\n"
    away = "*** Begin Patch\n*** Delete File: shop/extra.py\n*** End Patch\n"
    harness, outcome = await deliver(workdir, [whole, block, away])
    assert (harness.root / "shop/values.py").read_text() == last
    assert told(outcome) == [("shop/values.py", "modified", 80, 1)]


@pytest.mark.asyncio
async def test_renames_are_said_with_what_changed_in_them(workdir: Path) -> None:
    first = (
        "diff --git a/shop/old.py b/shop/mid.py\nrename from shop/old.py\nrename to shop/mid.py\n--- a/shop/old.py\n"
        "+++ b/shop/mid.py\n@@ -1 +1,2 @@\n OLD = 2\n+NEW = 2\n"
    )
    second = "diff --git a/shop/mid.py b/shop/new.py\nrename from shop/mid.py\nrename to shop/new.py\n"
    there = "diff --git a/run.sh b/go.sh\nrename from run.sh\nrename to go.sh\n"
    back = "diff --git a/go.sh b/run.sh\nrename from go.sh\nrename to run.sh\n"
    harness, outcome = await deliver(workdir, [first + there, second + back])
    assert list(outcome.files) == [
        {"path": "shop/new.py", "action": "renamed", "added": 1, "removed": 0, "source": "shop/old.py"}
    ]
    assert mode(harness.root, "run.sh") == 0o755


@pytest.mark.asyncio
async def test_executables_that_were_deleted_come_back_as_such(workdir: Path) -> None:
    decisions = {"rejected": [{"path": "run.sh", "hunk": 0, "comment": ""}, {"path": "bin/tool", "hunk": None, "comment": ""}]}
    harness, outcome = await deliver(workdir, [GONE], decisions)
    assert (mode(harness.root, "run.sh"), mode(harness.root, "bin/tool")) == (0o755, 0o755)
    assert (harness.root / "run.sh").read_text() == FILES["run.sh"]
    assert list(outcome.files) == []


@pytest.mark.asyncio
async def test_a_mode_that_was_changed_is_listed_and_comes_back(workdir: Path) -> None:
    harness, outcome = await deliver(workdir / "kept", [PLAIN])
    assert told(outcome) == [("run.sh", "modified", 0, 0)]
    assert mode(harness.root, "run.sh") == 0o644
    harness, outcome = await deliver(workdir / "back", [PLAIN], {"rejected": [{"path": "run.sh", "hunk": None, "comment": ""}]})
    assert mode(harness.root, "run.sh") == 0o755
    assert list(outcome.files) == []


@pytest.mark.parametrize(("now", "judged"), [(b"new\n", None), (None, b"old\n"), (b"new\n", b"old\n")])
def test_what_is_put_aside_comes_back_with_its_mode(tmp_path: Path, now: bytes | None, judged: bytes | None) -> None:
    place = tmp_path / "run.sh"
    if now is not None:
        place.write_bytes(now)
        place.chmod(0o755)
    with SetAside(tmp_path, [Swap("run.sh", now, judged, 0o755)]).in_place():
        assert place.is_file() is (judged is not None)
        assert judged is None or mode(tmp_path, "run.sh") == 0o755
    assert place.is_file() is (now is not None)
    assert now is None or (place.read_bytes(), mode(tmp_path, "run.sh")) == (now, 0o755)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a/b.py": "1\n"}, {"a": "x\n"}),
        ({"a": "1\n"}, {"a/b/c.py": "x\n", "a/d.py": "y\n"}),
        ({"a/b/c.py": "1\n", "a/b/d.py": "2\n", "e": "3\n"}, {"a/b": "x\n", "e/f": "z\n"}),
        ({"A.py": "1\n"}, {"a.py": "1\n"}),
        ({"a/b.py": "1\n", "a/c.py": "2\n"}, {"a/c.py": "2\n"}),
    ],
)
def test_a_directory_that_became_a_file_comes_back_and_the_other_way_about(
    tmp_path: Path, before: dict[str, str], after: dict[str, str]
) -> None:
    def tree() -> dict[str, str]:
        there = (path for path in tmp_path.rglob("*") if path.is_file() and ".mgx" not in path.parts)
        return {path.relative_to(tmp_path).as_posix(): path.read_text() for path in there}

    baseline = BaselineFiles(
        tmp_path, {path: FileBefore(before[path].encode() if path in before else None) for path in {**before, **after}}
    )
    for path, text in after.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    put_back(tmp_path, reverted_files(baseline, [{"path": path, "hunk": None} for path in sorted({**before, **after})]))
    assert tree() == before


def test_what_stands_in_the_way_is_removed_only_if_it_is_an_empty_directory_of_the_workdir(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "workdir"
    (outside / "b").mkdir(parents=True)
    (root / "c").mkdir(parents=True)
    (root / "a").symlink_to(outside)
    (root / "c/theirs.txt").write_text("x")
    for path in ("a/b", "c"):
        with pytest.raises(Blocked):
            put_back(root, [FileSwap(path, None, b"1\n", 0o644)])
    assert (outside / "b").is_dir()
    assert (root / "c/theirs.txt").read_text() == "x"


@pytest.mark.parametrize("target", ["there.txt", "../outside/theirs.txt", "folder", "nowhere", "a.txt"])
def test_a_link_in_whose_place_a_file_was_made_stands_there_again(tmp_path: Path, target: str) -> None:
    root = tmp_path / "workdir"
    (root / "folder").mkdir(parents=True)
    (root / "there.txt").write_text("theirs")
    (root / "a.txt").symlink_to(target)
    (root / "up").symlink_to("..")
    (tmp_path / "c.txt").symlink_to("there.txt")
    baseline = BaselineFiles(root)
    baseline.keep_paths(["a.txt", "folder/b.txt", "there.txt", "up/c.txt"])
    assert baseline.link_before("up/c.txt") is None, "behind a link that leads out"
    (root / "a.txt").unlink()
    (root / "a.txt").write_text("made\n")
    (root / "folder/b.txt").write_text("new\n")
    swaps = reverted_files(baseline, [{"path": "a.txt", "hunk": 0}, {"path": "folder/b.txt", "hunk": None}])
    links = {"a.txt": target}
    assert baseline.link_before("a.txt") == target
    stale = FileSwap("there.txt", b"other", b"2\n", 0o644)
    with pytest.raises(Blocked, match=r"there\.txt changed"):
        put_back(root, [*swaps, stale], links)
    assert not (root / "a.txt").is_symlink() and (root / "a.txt").read_text() == "made\n", "nothing was put back"
    put_back(root, swaps, links)
    assert (root / "a.txt").readlink() == Path(target)
    assert not (root / "folder/b.txt").exists()
    assert not baseline.is_changed("a.txt")


@pytest.mark.parametrize("target", ["there.txt", "../outside/theirs.txt", "folder", "nowhere"])
def test_a_link_in_the_place_of_a_deleted_file_makes_room_for_it(tmp_path: Path, target: str) -> None:
    outside, root = tmp_path / "outside", tmp_path / "workdir"
    outside.mkdir()
    (root / "folder").mkdir(parents=True)
    for place in (outside / "theirs.txt", root / "there.txt"):
        place.write_text("theirs")
    (root / "a.txt").symlink_to(target)
    swaps = [FileSwap("a.txt", None, b"1\n", 0o644), FileSwap("there.txt", b"other", b"2\n", 0o644)]
    with pytest.raises(Blocked, match=r"there\.txt changed"):
        put_back(root, swaps)
    assert (root / "a.txt").readlink() == Path(target), "nothing was put back, so it stands there"
    put_back(root, swaps[:1])
    assert not (root / "a.txt").is_symlink()
    assert (root / "a.txt").read_text() == "1\n"
    assert {place.read_text() for place in (outside / "theirs.txt", root / "there.txt")} == {"theirs"}


def test_where_not_all_can_be_put_back_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c.py").write_text("c")
    (tmp_path / "a/b/c.py").chmod(0o755)
    (tmp_path / "x.py").write_text("theirs")
    swaps = [FileSwap("a", None, b"1\n", 0o644), FileSwap("a/b/c.py", b"c", None, 0o644, 0o755)]
    with pytest.raises(Blocked):
        put_back(tmp_path, [*swaps, FileSwap("x.py", b"mine", b"2\n", 0o644)])
    assert ((tmp_path / "a/b/c.py").read_text(), mode(tmp_path, "a/b/c.py")) == ("c", 0o755)
    (tmp_path / "a/b/made.pyc").write_text("x")
    with pytest.raises(Blocked, match=r"made\.pyc in it is not part of the change"):
        put_back(tmp_path, swaps)
    assert (tmp_path / "a/b/c.py").read_text() == "c"


def test_a_hunk_is_told_by_what_its_lines_do_not_show() -> None:
    (bare,), (whole,) = hunks("a\n", "b"), hunks("a\n", "b\n")
    assert bare.lines == whole.lines
    assert bare.sides != whole.sides
    assert without("a\n", "b", {0}) == "a\n"


class Formatting(TableSandbox):
    """A formatter that takes double spaces out of the files that it is given; ``root`` is where they are."""

    root: Path

    async def run(self, argv: Sequence[str], **options: Any) -> CommandResult:
        result = await super().run(argv, **options)
        named = [self.root / word for word in argv if word.startswith("./")]
        if argv[0] == "sha256sum":
            lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(self.root)}" for path in named]
            return replace(result, output_tail="\0".join(lines))
        if "black" not in argv:
            return result
        untidy = [path for path in named if "  " in path.read_text()]
        if "--check" in argv:
            return replace(result, exit_code=int(bool(untidy)))
        for path in untidy:
            path.write_text(path.read_text().replace("  ", " "))
        return result


UNTIDY = "".join(f"VALUE_{number}  =  {number}\n" for number in range(40))
RENAMED = "diff --git a/shop/values.py b/shop/new.py\nrename from shop/values.py\nrename to shop/new.py\n"
MID = "--- a/shop/mid.py\n+++ b/shop/new.py\n"
ONE_LINE = "@@ -7,3 +7,3 @@\n VALUE_6  =  6\n-VALUE_7  =  7\n+VALUE_7 = 'seven'\n VALUE_8  =  8\n"
EDITED = UNTIDY.replace("VALUE_7  =  7", "VALUE_7 = 'seven'")
DELETED = "*** Begin Patch\n*** Delete File: shop/values.py\n*** End Patch\n"
MOVED = f"*** Begin Patch\n*** Update File: shop/values.py\n*** Move to: shop/new.py\n{ONE_LINE}*** End Patch\n"
ADDED = "".join(f"+{line}\n" for line in EDITED.splitlines())
FORMATTED = ONE_LINE.replace("  ", " ").replace("+VALUE_7 = ", "+VALUE_7  =  ")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answers", "before"),
    [
        ([f"{RENAMED}--- a/shop/values.py\n+++ b/shop/new.py\n{ONE_LINE}"], UNTIDY),
        ([RENAMED, f"--- a/shop/new.py\n+++ b/shop/new.py\n{ONE_LINE}"], UNTIDY),
        ([RENAMED.replace("new.py", "mid.py"), RENAMED.replace("values.py", "mid.py") + MID + ONE_LINE], UNTIDY),
        ([f"{RENAMED}--- a/shop/values.py\n+++ b/shop/new.py\n{FORMATTED}"], UNTIDY.replace("  ", " ")),
        # nobody says that it was renamed
        ([DELETED.replace("*** End", f"*** Add File: shop/new.py\n{ADDED}*** End")], UNTIDY),
        ([DELETED, f"FILE: shop/new.py\n{EDITED}"], UNTIDY),
        ([f"FILE: shop/new.py\n{EDITED}", DELETED], UNTIDY),
    ],
)  # fmt: skip
async def test_a_renamed_file_is_formatted_only_where_it_was_clean(workdir: Path, answers: list[str], before: str) -> None:
    make_repository(workdir, {**FILES, "shop/values.py": before, "pyproject.toml": "[tool.black]\nline-length = 100\n"})
    asked = [review("revise", f"Wish {number}") for number in range(len(answers) - 1)]
    named = plan("shop/values.py", "shop/new.py", "shop/mid.py")
    team: Any = script(code=answers[0], DraftPlan=[named], ReviseCode=answers[1:], ReviewCode=[*asked, review()])
    sandbox = Formatting()
    sandbox.root = workdir
    spec = TaskSpec("Rename the values", stack="none", output_mode="patch_existing", max_revision_rounds=9, max_rounds=9)
    harness = Harness(workdir, ScriptedModel(team), sandbox=sandbox)
    outcome = await harness.run(spec)
    assert any("black" in command for command in sandbox.ran)
    assert (workdir / "shop/new.py").read_text() == re.sub(r"VALUE_7 .*", "VALUE_7 = 'seven'", before)
    assert [(file["path"], file["action"], file["added"], file["removed"]) for file in outcome.files] == [
        ("shop/new.py", "renamed", 1, 1)
    ]


@pytest.mark.asyncio
async def test_what_was_moved_away_leaves_room_for_a_file_of_its_old_name(workdir: Path) -> None:
    make_repository(workdir, {**FILES, "shop/values.py": UNTIDY, "pyproject.toml": "[tool.black]\nline-length = 100\n"})
    shim = "*** Begin Patch\n*** Add File: shop/values.py\n+from shop.new import *\n*** End Patch\n"
    moved = MOVED.replace("@@ -7,3 +7,3 @@", "@@")
    team: Any = script(
        code=moved, DraftPlan=[plan("shop/values.py", "shop/new.py")], ReviseCode=[shim],
        ReviewCode=[review("revise", "Others import it."), review()],
    )  # fmt: skip
    sandbox = Formatting()
    sandbox.root = workdir
    harness = Harness(workdir, ScriptedModel(team), sandbox=sandbox)
    outcome = await harness.run(TaskSpec("Move the values", stack="none", output_mode="patch_existing"))
    assert not harness.sink.of("patch_refused")
    assert (workdir / "shop/new.py").read_text() == EDITED, "it is formatted as what it was"
    assert (workdir / "shop/values.py").read_text() == "from shop.new import *\n"
    assert told(outcome) == [("shop/new.py", "created", 40, 0), ("shop/values.py", "modified", 1, 40)]


AWAY = "*** Begin Patch\n*** Delete File: shop/extra.py\n*** End Patch\n"
EXTRA = "FILE: shop/extra.py\nA = 1\nB = 2\n"
STILL = "FILE: shop/values.py\nOLD = 1\nKEPT = 1\n"
KEPT = ("shop/values.py", "modified", 1, 0)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answers", "files"),
    [
        # made, removed, and made again
        ([EXTRA, AWAY, "FILE: shop/extra.py\nA = 1\n"], [("shop/extra.py", "created", 1, 0)]),
        # deleted, and made again as it was, or otherwise
        ([AWAY.replace("extra", "old") + STILL, "FILE: shop/old.py\nOLD = 2\n"], [KEPT]),
        ([AWAY.replace("extra", "old"), "FILE: shop/old.py\nOLD = 2\nNEW = 3\n"], [("shop/old.py", "modified", 1, 0)]),
        # changed, and changed back, beside another that stays
        ([f"{STILL}\nFILE: shop/old.py\nNEW = 3\n", "FILE: shop/old.py\nOLD = 2\n"], [KEPT]),
        # three answers to one file count once
        (["FILE: shop/values.py\n" + "X = 1\n" * number for number in (50, 9, 2)], [("shop/values.py", "modified", 2, 1)]),
        # a rename, then the old name is used anew
        ([f"{RENAMED.replace('values', 'old')}{STILL}", "FILE: shop/old.py\nimport shop.new\n"],
         [("shop/new.py", "created", 1, 0), ("shop/old.py", "modified", 1, 1), KEPT]),
    ],
)  # fmt: skip
async def test_what_earlier_answers_did_is_counted_as_far_as_it_stays(
    workdir: Path, answers: list[str], files: list[tuple[Any, ...]]
) -> None:
    _, outcome = await deliver(workdir, answers)
    assert told(outcome) == files


SECOND = UNTIDY.replace("VALUE", "OTHER")
BOTH = {**FILES, "shop/values.py": UNTIDY, "shop/other.py": SECOND, "pyproject.toml": "[tool.black]\nline-length = 100\n"}
TO_OTHER = RENAMED.replace("shop/new.py", "lib/deep/new.py")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answers", "path", "wanted"),
    [
        # into another folder; two edits far from each other; a line more, and one less
        ([f"{TO_OTHER}--- a/shop/values.py\n+++ b/lib/deep/new.py\n{ONE_LINE}"], "lib/deep/new.py", EDITED),
        ([TO_OTHER, "lib/deep/new.py\n<<<<<<< SEARCH\nVALUE_39  =  39\n=======\nVALUE_39  =  39\nX  =  1\n>>>>>>> REPLACE\n"],
         "lib/deep/new.py", f"{UNTIDY}X  =  1\n"),
        ([RENAMED, "shop/new.py\n<<<<<<< SEARCH\nVALUE_0  =  0\n=======\n>>>>>>> REPLACE\n"],
         "shop/new.py", UNTIDY.removeprefix("VALUE_0  =  0\n")),
        # the name of a file that goes
        (["*** Begin Patch\n*** Delete File: shop/other.py\n*** End Patch\n", f"{RENAMED.replace('new', 'other')}"],
         "shop/other.py", UNTIDY),
        # edited under its old name, then renamed; renamed and renamed back
        ([f"--- a/shop/values.py\n+++ b/shop/values.py\n{ONE_LINE}", RENAMED], "shop/new.py", EDITED),
        ([RENAMED, f"diff --git a/shop/new.py b/shop/values.py\nrename from shop/new.py\nrename to shop/values.py\n"
          f"--- a/shop/new.py\n+++ b/shop/values.py\n{ONE_LINE}"], "shop/values.py", EDITED),
        # beside a file that is new, which is formatted
        (["FILE: shop/extra.py\nA  =  1\n", f"{RENAMED}--- a/shop/values.py\n+++ b/shop/new.py\n{ONE_LINE}"],
         "shop/new.py", EDITED),
    ],
)  # fmt: skip
async def test_a_renamed_file_keeps_its_form_however_it_was_renamed(
    workdir: Path, answers: list[str], path: str, wanted: str
) -> None:
    make_repository(workdir, BOTH)
    asked = [review("revise", f"Wish {number}") for number in range(len(answers) - 1)]
    named = plan("shop/values.py", "shop/new.py", "shop/other.py", "shop/extra.py", "lib/deep/new.py")
    team: Any = script(code=answers[0], DraftPlan=[named], ReviseCode=answers[1:], ReviewCode=[*asked, review()])
    sandbox = Formatting()
    sandbox.root = workdir
    spec = TaskSpec("Rename the values", stack="none", output_mode="patch_existing", max_revision_rounds=9, max_rounds=9)
    harness = Harness(workdir, ScriptedModel(team), sandbox=sandbox)
    await harness.run(spec)
    assert any("black" in command for command in sandbox.ran)
    assert (workdir / path).read_text() == wanted
    if (workdir / "shop/extra.py").exists():
        assert (workdir / "shop/extra.py").read_text() == "A = 1\n"
