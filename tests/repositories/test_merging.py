"""The base moved under a run: what both sides changed is merged, or nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from repositories.git.checkout import Checkout, RemoteSource

from .conftest import Git
from .test_checkout import AUTHOR, WHEN

LINES = "".join(f"line {number}\n" for number in range(1, 21))


def put(root: Path, files: Mapping[str, str | bytes | None]) -> None:
    for name, content in files.items():
        path = root / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


async def both(
    tmp_path: Path, origin: Path, sh: Git, ours: Mapping[str, str | bytes | None], theirs: Mapping[str, str | bytes | None]
) -> tuple[Checkout, str, str]:
    """A checkout, the tree of ``ours`` in it, and the commit of ``theirs`` that the remote has got meanwhile."""
    put(origin, {"long.txt": LINES})
    sh("add", "-A", cwd=origin)
    sh("commit", "-q", "-m", "second", cwd=origin)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    put(origin, theirs)
    sh("add", "-A", cwd=origin)
    sh("commit", "-q", "--allow-empty", "-m", "theirs", cwd=origin)
    head = sh("rev-parse", "HEAD", cwd=origin)
    put(checkout.root, ours)
    tree = await checkout.tree()
    await checkout.fetch(head, "main")
    return checkout, tree, head


async def test_what_goes_together_is_merged(tmp_path: Path, origin: Path, sh: Git) -> None:
    ours = {"long.txt": LINES.replace("line 2\n", "ours\n"), "new.py": "print(1)\n", "same.txt": "both\n", "crlf.txt": None}
    theirs = {"long.txt": LINES.replace("line 19\n", "theirs\n"), "same.txt": "both\n", "a.txt": None, "ordner/x": "x"}
    checkout, tree, head = await both(tmp_path, origin, sh, ours, theirs)
    merged = await checkout.merge(tree, head)
    assert merged.conflicts == ()
    await checkout.reset(merged.tree)
    assert (checkout.root / "long.txt").read_text() == LINES.replace("line 2\n", "ours\n").replace("line 19\n", "theirs\n")
    assert (checkout.root / "new.py").exists()
    assert (checkout.root / "ordner" / "x").exists()
    assert not (checkout.root / "a.txt").exists()
    assert not (checkout.root / "crlf.txt").exists()
    assert merged == await checkout.merge(tree, head)
    sha = await checkout.commit(merged.tree, message="m", author=AUTHOR, date=WHEN, parent=head)
    await checkout.push(sha, "mgx/x/run-1")
    assert sh("log", "--format=%s", "mgx/x/run-1", cwd=origin).splitlines() == ["m", "theirs", "second", "first"]
    assert (await checkout.stat(merged.tree, against=head))["files"] == 3


@pytest.mark.parametrize(
    ("ours", "theirs", "files"),
    [
        ({"a.txt": "ours\n"}, {"a.txt": "theirs\n"}, ("a.txt",)),
        ({"a.txt": "ours\n"}, {"a.txt": None}, ("a.txt",)),
        ({"a.txt": None}, {"a.txt": "theirs\n"}, ("a.txt",)),
        ({"new.txt": "ours\n"}, {"new.txt": "theirs\n"}, ("new.txt",)),
        ({"bild.bin": b"\0ours"}, {"bild.bin": b"\0theirs"}, ("bild.bin",)),
        ({"both": "a file\n"}, {"both/in": "a directory\n"}, ("both", "both/in")),
        ({"both/in": "a directory\n"}, {"both": "a file\n"}, ("both", "both/in")),
        ({"grüße.txt": "1\n", "a.txt": "1\n"}, {"grüße.txt": "2\n", "a.txt": "2\n"}, ("a.txt", "grüße.txt")),
    ],
    ids=["edits", "they-delete", "we-delete", "both-add", "binary", "directory-there", "directory-here", "names"],
)
async def test_what_does_not_is_named(
    tmp_path: Path,
    origin: Path,
    sh: Git,
    ours: dict[str, str | bytes | None],
    theirs: dict[str, str | bytes | None],
    files: tuple[str, ...],
) -> None:
    checkout, tree, head = await both(tmp_path, origin, sh, ours, theirs)
    merged = await checkout.merge(tree, head)
    assert (merged.tree, merged.conflicts) == ("", files)


async def test_a_mode_and_a_text_go_together(tmp_path: Path, origin: Path, sh: Git) -> None:
    checkout, _, _ = await both(tmp_path, origin, sh, {}, {"tool.sh": "#!/bin/bash\n"})
    (checkout.root / "tool.sh").chmod(0o644)
    tree = await checkout.tree()
    merged = await checkout.merge(tree, sh("rev-parse", "HEAD", cwd=origin))
    await checkout.reset(merged.tree)
    tool = checkout.root / "tool.sh"
    assert (tool.read_text(), tool.stat().st_mode & 0o111) == ("#!/bin/bash\n", 0)


async def test_attributes_of_the_repository_decide_nothing(tmp_path: Path, origin: Path, sh: Git) -> None:
    """`merge=union` would write both sides into the file."""
    everywhere = {".gitattributes": "* merge=union\n"}
    checkout, tree, head = await both(tmp_path, origin, sh, {**everywhere, "a.txt": "o\n"}, {**everywhere, "a.txt": "t\n"})
    assert (await checkout.merge(tree, head)).conflicts == ("a.txt",)


async def test_the_same_change_twice_leaves_nothing(tmp_path: Path, origin: Path, sh: Git) -> None:
    checkout, tree, head = await both(tmp_path, origin, sh, {"a.txt": "new\n"}, {"a.txt": "new\n", "other": "x\n"})
    merged = await checkout.merge(tree, head)
    assert (await checkout.stat(merged.tree, against=head))["files"] == 0
