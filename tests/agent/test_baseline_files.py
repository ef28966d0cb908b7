from __future__ import annotations

from pathlib import Path

from agent.changes.baseline_files import MAX_TEXT, BaselineFiles
from agent.patch import parse_edits

PATCH = "FILE: a.py\nnew\n\nFILE: b.py\nnew\n"


def test_a_file_is_kept_as_it_was_before_the_first_change(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old\n")
    baseline = BaselineFiles(tmp_path)
    baseline.keep(parse_edits(PATCH))
    (tmp_path / "a.py").write_text("new\n")
    baseline.keep(parse_edits("FILE: a.py\nnewer\n"))

    assert baseline.before("a.py") == b"old\n"
    assert baseline.before("b.py") is None
    assert baseline.texts(["a.py", "b.py"]) == {"a.py": ("old\n", "new\n"), "b.py": (None, None)}


def test_what_can_t_be_read_changes_nothing_and_is_not_kept(tmp_path: Path) -> None:
    baseline = BaselineFiles(tmp_path)
    baseline.keep(parse_edits("Let me think about it."))
    assert baseline.before("a.py") is None


def test_bytes_links_secrets_and_huge_files_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe")
    (tmp_path / ".env").write_text("TOKEN=1\n")
    (tmp_path / "huge.txt").write_bytes(b"x" * (MAX_TEXT + 1))
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    baseline = BaselineFiles(tmp_path)

    assert baseline.texts(["a.bin", ".env", "huge.txt"]) == {}
    assert baseline.now("link.py") is None
    assert baseline.now("../outside") is None
    assert baseline.now("huge.txt") is not None, "it can still be put back"
