"""The edit engine beside its peers, on the corpus of real edits with the errors of models; and its speed.

`git apply --recount` and GNU `patch --fuzz=3` are run as they are run by hand, whatthepatch (a development dependency) in this
process. Each gets the same answer and the same tree. Formats that a peer doesn't know are counted as refused by it.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import whatthepatch

from agent.patch import apply_patch
from benchmarks.report import ReportLine, Yardstick
from tests.agent.patch.corpus import Edit
from tests.agent.patch.damage import Damaged
from tests.agent.patch.diffs import parts, unified
from tests.agent.patch.judge import REFUSED, RIGHT, WRONG, cases, ours, verdict
from tests.agent.patch.kinds import KINDS, SIBLINGS, Answer, siblings
from tests.agent.patch.tree_judge import judged_tree, put

Tool = Callable[[Path, Edit, Damaged], str | None]
TreeTool = Callable[[Path, Answer], str]
QUICK, FULL = 24, 4
NO_LOSS = "no loss"
GIT = ("git", "apply", "--recount", "-")
PATCH = ("patch", "-p1", "--fuzz=3", "--batch", "--forward", "--no-backup-if-mismatch")
MAX_SECONDS_LARGE, MAX_SECONDS_SMALL = 1.0, 2.0
MIN_RIGHT = 98.0


def main(quick: bool = False) -> list[ReportLine]:
    """Prints the table of all classes; returns what has a bound."""
    table = compare(
        {"ours": ours, "git": git_apply, "patch": gnu_patch, "whatthepatch": what_the_patch}, QUICK if quick else FULL
    )
    table |= compare_kinds(
        {"ours": judged_tree, "git": _by_process(GIT), "patch": _by_process(PATCH), "whatthepatch": _by_library},
        SIBLINGS // 4 if quick else SIBLINGS,
    )
    show(table)
    total = sum((found["ours"] for found in table.values()), Counter[str]())
    count = total[RIGHT] + total[REFUSED] + total[WRONG]
    lost = 100 * (1 - (total[RIGHT] + total[NO_LOSS]) / count)
    return [
        ReportLine("edits not right", lost, "%", 100 - MIN_RIGHT, f"{count} answers", _peer(table, count)),
        ReportLine("edits in a wrong place", total[WRONG], "", 0),
        ReportLine("5 MB file, 500 hunks", large(), "s", MAX_SECONDS_LARGE, "", Yardstick("git apply", large(by_git=True))),
        ReportLine("1,000 small patches", small(), "s", MAX_SECONDS_SMALL, "", Yardstick("git apply processes", git_small())),
    ]


def compare(tools: Mapping[str, Tool], every: int) -> dict[str, dict[str, Counter[str]]]:
    """How each tool did with each class of error."""
    table: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: {tool: Counter() for tool in tools})
    with tempfile.TemporaryDirectory() as place:
        for number, (name, edit, damaged) in enumerate(cases(every=every)):
            for tool, act in tools.items():
                root = Path(place) / f"{tool}-{number}"
                root.mkdir()
                table[name][tool][verdict(damaged, act(root, edit, damaged))] += 1
    return dict(table)


def compare_kinds(tools: Mapping[str, TreeTool], count: int) -> dict[str, dict[str, Counter[str]]]:
    """How each tool did with ``count`` siblings of each kind. Refusals of answers that say too little are counted once more, as
    ``NO_LOSS``: the bound is not about them."""
    table: dict[str, dict[str, Counter[str]]] = {name: {tool: Counter() for tool in tools} for name in KINDS}
    with tempfile.TemporaryDirectory() as place:
        for name in KINDS:
            for answer in siblings(name, count):
                for tool, act in tools.items():
                    found = act(Path(place) / "tree", answer)
                    table[name][tool].update([found, *([NO_LOSS] if found == REFUSED and answer.may_refuse else [])])
    return table


def show(table: Mapping[str, Mapping[str, Counter[str]]]) -> None:
    tools = list(next(iter(table.values())))
    print(f"{'right/refused/wrong':36}" + "".join(f"{tool:>18}" for tool in tools))
    rows = {**table, "all": {tool: sum((found[tool] for found in table.values()), Counter[str]()) for tool in tools}}
    for name, found in rows.items():
        cells = ("/".join(str(found[tool][key]) for key in (RIGHT, REFUSED, WRONG)) for tool in tools)
        print(f"{name:36}" + "".join(f"{cell:>18}" for cell in cells))


def _placed(root: Path, edit: Edit, damaged: Damaged) -> Path:
    path = root / edit.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(damaged.before.encode())
    return path


def _run(root: Path, text: str, *argv: str) -> bool:
    done = subprocess.run(argv, cwd=root, input=text.encode(), capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def _by_process(argv: Sequence[str]) -> TreeTool:
    def act(root: Path, answer: Answer) -> str:
        put(root, answer)
        if not _run(root, answer.text, *argv):
            return REFUSED if answer.right else RIGHT
        held = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        return RIGHT if {path: data.decode(errors="replace") for path, data in held.items()} in answer.right else WRONG

    return act


def _by_library(_: Path, answer: Answer) -> str:
    """A diff is applied to the file that its header names, or to the only one."""
    after: dict[str, str] = dict(answer.files)
    try:
        diffs = [diff for diff in whatthepatch.parse_patch(answer.text) if diff.header and diff.changes]
        for diff in diffs:
            path = next(name for name in (diff.header.new_path, diff.header.old_path) if name in after)
            after[path] = "\n".join(whatthepatch.apply_diff(diff, after[path].split("\n")))
    except (whatthepatch.exceptions.WhatThePatchException, AssertionError, StopIteration, IndexError, TypeError, ValueError):
        return REFUSED if answer.right else RIGHT
    if not diffs:
        return REFUSED if answer.right else RIGHT
    return RIGHT if after in answer.right else WRONG


def git_apply(root: Path, edit: Edit, damaged: Damaged) -> str | None:
    path = _placed(root, edit, damaged)
    applied = _run(root, damaged.text, *GIT)
    return path.read_bytes().decode() if applied else None


def gnu_patch(root: Path, edit: Edit, damaged: Damaged) -> str | None:
    path = _placed(root, edit, damaged)
    applied = _run(root, damaged.text, *PATCH)
    return path.read_bytes().decode(errors="replace") if applied else None


def what_the_patch(root: Path, edit: Edit, damaged: Damaged) -> str | None:
    """Raises nothing: the library's errors of any kind are refusals."""
    lines: list[str] | None = damaged.before.split("\n")
    try:
        diffs = list(whatthepatch.parse_patch(damaged.text))
        for diff in diffs:
            lines = whatthepatch.apply_diff(diff, lines) if lines is not None else None
    except (whatthepatch.exceptions.WhatThePatchException, AssertionError, IndexError, TypeError, ValueError):
        return None
    return "\n".join(lines) if diffs and lines is not None else None


def _peer(table: Mapping[str, Mapping[str, Counter[str]]], count: int) -> Yardstick:
    """The same of the best of the peers."""
    tools = [tool for tool in next(iter(table.values())) if tool != "ours"]
    right = {tool: sum(found[tool][RIGHT] + found[tool][NO_LOSS] for found in table.values()) for tool in tools}
    best = max(right, key=lambda tool: right[tool])
    return Yardstick(f"by {best}", 100 * (1 - right[best] / count), 1)


def large(*, by_git: bool = False) -> float:
    """Seconds for one file of 5 MB with 500 hunks, disk included."""
    rng = random.Random(1)
    lines = [f"line {number} {rng.random():.30f}" for number in range(105_000)]
    body = []
    for at in range(200, 100_200, 200):
        body += [f"@@ -{at - 2},5 +{at - 2},5 @@", *(f" {line}" for line in lines[at - 3 : at - 1]), f"-{lines[at - 1]}"]
        body += ["+changed", *(f" {line}" for line in lines[at : at + 2])]
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "f").write_text("\n".join(lines) + "\n")
        start = time.perf_counter()
        text = "--- a/f\n+++ b/f\n" + "\n".join(body) + "\n"
        if not by_git:
            apply_patch(Path(place), text)
        elif not _run(Path(place), text, "git", "apply", "-"):
            raise RuntimeError("git refuses the patch")
        return time.perf_counter() - start


def _small() -> tuple[str, str]:
    text = "".join(f"line {number}\n" for number in range(200))
    return text, unified("f", parts(text, text.replace("line 100\n", "changed\n")))


def small() -> float:
    """Seconds for 1,000 patches of one hunk, planned in this process."""
    text, patch = _small()
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "f").write_text(text)
        start = time.perf_counter()
        for _ in range(1_000):
            apply_patch(Path(place), patch, dry_run=True)
        return time.perf_counter() - start


def git_small() -> float:
    """The same by `git apply --check`, extrapolated from 100 processes."""
    text, patch = _small()
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "f").write_text(text)
        start = time.perf_counter()
        for _ in range(100):
            _run(Path(place), patch, "git", "apply", "--check", "-")
        return 10 * (time.perf_counter() - start)
