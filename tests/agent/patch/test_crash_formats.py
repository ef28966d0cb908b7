"""Patches of several files in every format, killed or out of disk at a write: exactly before or exactly after."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from agent.patch import apply_patch, recover
from tests.agent.patch.diffs import parts, unified
from tests.agent.patch.test_apply import snapshot
from tests.agent.patch.test_crash import die, in_child, intercept
from tests.support.drills import chance, times

pytestmark = pytest.mark.slow

WRITES = ("write", "mkdir", "rename", "unlink", "fsync", "rmdir")
SEEDS = times(100, 5)
POINTS = 4
"""Points of each patch, drawn by its seed; together with the other seeds every point is met many times."""


def make(root: Path, rng: random.Random) -> str:
    """A tree of several files, and a patch that changes, makes, deletes and renames some."""
    root.mkdir()
    texts = {f"f{n}.txt": "".join(f"{rng.randint(0, 99)}\n" for _ in range(rng.randint(3, 30))) for n in range(4)}
    for name, text in texts.items():
        (root / name).write_text(text)
        (root / name).chmod(rng.choice([0o644, 0o755, 0o600]))
    changed = {name: _changed(text, rng) for name, text in list(texts.items())[:2]}
    kind = rng.choice(["git", "envelope", "search_replace"])
    if kind == "git":
        body = "".join(unified(name, parts(texts[name], text)) for name, text in changed.items())
        gone = unified("f2.txt", parts(texts["f2.txt"], "")).replace("+++ b/f2.txt", "+++ /dev/null")
        moved = "diff --git a/f3.txt b/new/f3.txt\nold mode 100644\nnew mode 100755\nrename from f3.txt\nrename to new/f3.txt\n"
        return body + gone + moved + "--- /dev/null\n+++ b/made/deep/x\n@@ -0,0 +1 @@\n+x\n"
    if kind == "envelope":
        body = "".join(f"*** Update File: {name}\n" + _hunks(texts[name], text) for name, text in changed.items())
        rest = "*** Delete File: f2.txt\n*** Add File: made/deep/x\n+x\n"
        return f"*** Begin Patch\n{body}{rest}*** End Patch\n"
    block = "{}\n<<<<<<< SEARCH\n{}=======\n{}>>>>>>> REPLACE\n"
    body = "".join(block.format(name, texts[name], text) for name, text in changed.items())
    return body + block.format("made/deep/x", "", "x\n")


def _changed(text: str, rng: random.Random) -> str:
    lines = text.split("\n")[:-1]
    lines[rng.randrange(len(lines))] = f"changed {rng.random()}"
    return "".join(f"{line}\n" for line in lines)


def _hunks(before: str, after: str) -> str:
    return "".join("@@\n" + "".join(f"{line}\n" for line in part.body) for part in parts(before, after, 30))


def full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(("hit", "after"), [(die, False), (die, True), (full, False)])
def test_patches_are_whole_or_not_at_all(tmp_path: Path, hit: Callable[[], None], after: bool) -> None:
    seen = set()
    for seed in chance("patches").sample(range(1_000_000), SEEDS):
        rng = random.Random(seed)
        reference = tmp_path / f"reference-{seed}"
        text = make(reference, rng)
        before = snapshot(reference)
        count = _calls(reference, tmp_path / f"count-{seed}", text)
        assert apply_patch(reference, text).success
        states = (before, snapshot(reference))
        # the first and the last call among them: chance alone may choose all on one side of the commit
        for at in sorted({1, count, *rng.sample(range(1, count + 1), POINTS)}):
            root = tmp_path / f"tree-{seed}-{at}"
            make(root, random.Random(seed))
            in_child(partial(_hit, root, text, at, hit, after=after))
            recover(root)
            now = snapshot(root)
            assert now in states, f"half-way: seed {seed}, call {at}"
            seen.add(states.index(now))
            shutil.rmtree(root)
    assert seen == {0, 1}


def _hit(root: Path, text: str, at: int, hit: Callable[[], None], *, after: bool) -> None:
    intercept(at, hit, after=after, names=WRITES)
    apply_patch(root, text)


def _calls(reference: Path, root: Path, text: str) -> int:
    """How many calls the patch makes, counted on a copy of the tree."""
    shutil.copytree(reference, root)
    read, write = os.pipe()

    def act() -> None:
        made = [0]
        for name in WRITES:
            real = getattr(os, name)

            def call(*args: object, real: Callable[..., object] = real, **kwargs: object) -> object:
                made[0] += 1
                return real(*args, **kwargs)

            setattr(os, name, call)
        apply_patch(root, text)
        calls = made[0]
        os.write(write, str(calls).encode())

    assert in_child(act) == 0
    os.close(write)
    with os.fdopen(read) as pipe:
        return int(pipe.read())
