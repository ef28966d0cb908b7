from __future__ import annotations

from pathlib import Path

from agent.changes.baseline_files import MAX_TEXT, Originals
from agent.patch import parse_edits

PATCH = "FILE: a.py\nnew\n\nFILE: b.py\nnew\n"


def test_a_file_is_kept_as_it_was_before_the_first_change(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old\n")
    originals = Originals(tmp_path)
    originals.keep(parse_edits(PATCH))
    (tmp_path / "a.py").write_text("new\n")
    originals.keep(parse_edits("FILE: a.py\nnewer\n"))

    assert originals.before("a.py") == b"old\n"
    assert originals.before("b.py") is None
    assert originals.texts(["a.py", "b.py"]) == {"a.py": ("old\n", "new\n"), "b.py": (None, None)}


def test_what_can_t_be_read_changes_nothing_and_is_not_kept(tmp_path: Path) -> None:
    originals = Originals(tmp_path)
    originals.keep(parse_edits("Let me think about it."))
    assert originals.before("a.py") is None


def test_bytes_links_secrets_and_huge_files_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe")
    (tmp_path / ".env").write_text("TOKEN=1\n")
    (tmp_path / "huge.txt").write_bytes(b"x" * (MAX_TEXT + 1))
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    originals = Originals(tmp_path)

    assert originals.texts(["a.bin", ".env", "huge.txt"]) == {}
    assert originals.now("link.py") is None
    assert originals.now("../outside") is None
    assert originals.now("huge.txt") is not None, "it can still be put back"
