from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_patch, list_backups, restore_backup
from agent.patch.engine import digest


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Every path with its kind, mode and content, but for the program's own directory."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name == ".mgx" or name.startswith(".mgx/"):
            continue
        mode = stat.S_IMODE(path.lstat().st_mode)
        kind = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else "directory"
        found[name] = (kind, mode)
    return found


def refusal(root: Path, text: str) -> dict[str, str]:
    """Refused paths and why; the tree must be untouched."""
    before = snapshot(root)
    with pytest.raises(PatchRejected) as refused:
        apply_patch(root, text)
    assert snapshot(root) == before
    return {file.path: file.code for file in refused.value.result.files if file.action == "refused"}


def test_files_are_created_modified_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "same.txt").write_text("same\n")

    result = apply_patch(tmp_path, "FILE: a.txt\none\n2\nthree\nFILE: new/deep/b.txt\nb\nFILE: same.txt\nsame\nFILE: empty\n")

    assert [(file.path, file.action, file.added, file.removed) for file in result.files] == [
        ("a.txt", "modified", 2, 1),
        ("new/deep/b.txt", "created", 1, 0),
        ("same.txt", "unchanged", 0, 0),
        ("empty", "created", 0, 0),
    ]
    assert result.success
    assert (tmp_path / "new/deep/b.txt").read_text() == "b\n"
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n")
    text = "FILE: a.txt\ntwo\nFILE: b/c.txt\nnew\n"

    dry = apply_patch(tmp_path, text, dry_run=True)
    untouched = sorted(path.name for path in tmp_path.rglob("*"))
    real = apply_patch(tmp_path, text)

    assert untouched == ["a.txt"]
    assert dry.files == real.files


@pytest.mark.parametrize(
    ("existing", "written"),
    [
        (b"a\r\nb\r\n", b"x\r\ny\r\n"),
        (b"a\nb", b"x\ny"),
        (b"a\nb\n\n", b"x\ny\n\n"),
        (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfx\ny\n"),
        (b"\xef\xbb\xbfa\r\nb", b"\xef\xbb\xbfx\r\ny"),
        (b"", b"x\ny\n"),
    ],
)
def test_a_file_keeps_its_line_ends_its_mark_and_its_ending(tmp_path: Path, existing: bytes, written: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(existing)

    apply_patch(tmp_path, "FILE: a.txt\nx\ny\n")

    assert (tmp_path / "a.txt").read_bytes() == written


def test_mode_bits_survive(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("echo 1\n")
    script.chmod(0o750)

    apply_patch(tmp_path, "FILE: run.sh\necho 2\n")

    assert stat.S_IMODE(script.stat().st_mode) == 0o750


def test_unsafe_paths_refuse_the_whole_patch(tmp_path: Path) -> None:
    assert refusal(tmp_path, "FILE: good.txt\nx\nFILE: ../bad\nx\nFILE: .git/hooks/pre-commit\nx\nFILE: /etc/x\nx\n") == {
        "../bad": "unsafe_path",
        ".git/hooks/pre-commit": "unsafe_path",
        "/etc/x": "unsafe_path",
    }


def test_links_are_never_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("mine")
    root = tmp_path / "root"
    root.mkdir()
    (root / "directory").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    (root / "dangling").symlink_to(outside / "missing")

    assert refusal(root, "FILE: directory/x\nx\nFILE: file\nx\nFILE: dangling\nx\nFILE: directory/secret\nx\n") == {
        "directory/x": "symlink",
        "file": "symlink",
        "dangling": "symlink",
        "directory/secret": "symlink",
    }
    assert (outside / "secret").read_text() == "mine"


def test_what_the_tree_holds_can_forbid_a_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "directory").mkdir()
    (tmp_path / "Readme.md").write_text("x")
    (tmp_path / "module/.git").mkdir(parents=True)
    (tmp_path / "image.png").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1"))
    os.mkfifo(tmp_path / "pipe")

    text = "".join(
        f"FILE: {path}\nx\n"
        for path in ("file/x", "directory", "README.md", "module/x", "image.png", "latin.txt", "DIRECTORY/x", "pipe")
    )

    assert refusal(tmp_path, text) == {
        "file/x": "path_conflict",
        "directory": "path_conflict",
        "README.md": "case_collision",
        "module/x": "submodule",
        "image.png": "not_text",
        "latin.txt": "not_text",
        "DIRECTORY/x": "case_collision",
        "pipe": "path_conflict",
    }


def test_an_answer_that_collides_with_itself_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "FILE: a\nx\nFILE: a\ny\n") == {"a": "duplicate_path"}
    assert refusal(tmp_path, "FILE: a\nx\nFILE: A\ny\n") == {"A": "case_collision"}
    assert refusal(tmp_path, "FILE: a\nx\nFILE: a/b\ny\n") == {"a": "path_conflict"}


def test_a_stale_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("now\n")
    text = "FILE: a\nnew\n"

    with pytest.raises(PatchRejected, match="changed since it was read"):
        apply_patch(tmp_path, text, seen={"a": digest(b"then\n")})
    assert apply_patch(tmp_path, text, seen={"a": digest(b"now\n")}).success


def test_best_effort_applies_what_it_can_and_says_so(tmp_path: Path) -> None:
    result = apply_patch(tmp_path, "FILE: a\nx\nFILE: ../b\nx\n", mode="best_effort")

    assert not result.success
    assert [file.action for file in result.files] == ["created", "refused"]
    assert (tmp_path / "a").read_text() == "x\n"


def test_the_result_is_json_in_the_contract_s_shape(tmp_path: Path) -> None:
    data = apply_patch(tmp_path, "FILE: a\nx\n").to_json()

    assert {key: data[key] for key in ("success", "mode", "dry_run", "rolled_back")} == {
        "success": True,
        "mode": "all_or_nothing",
        "dry_run": False,
        "rolled_back": False,
    }
    hunk = {"match_level": "whole_file", "status": "applied", "offset": 0, "reason": ""}
    assert [{key: found[key] for key in hunk} for found in data["files"][0]["hunks"]] == [hunk]


def test_backups_are_kept_restored_and_pruned(tmp_path: Path) -> None:
    for number in range(8):
        apply_patch(tmp_path, f"FILE: a\n{number}\n" + ("FILE: d/new\nx\n" if number == 7 else ""))

    assert [backup.name for backup in list_backups(tmp_path)] == ["4", "5", "6", "7", "8"]
    assert restore_backup(tmp_path, "8") == ["a", "d/new"]
    assert (tmp_path / "a").read_text() == "6\n"
    assert not (tmp_path / "d/new").exists()
    with pytest.raises(KeyError):
        restore_backup(tmp_path, "99")


def test_the_program_s_own_directory_hides_from_git(tmp_path: Path) -> None:
    apply_patch(tmp_path, "FILE: a\nx\n")

    assert (tmp_path / ".mgx/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize("name", [".mgx", ".mgx/txn", ".mgx/backups"])
def test_a_repository_can_not_redirect_the_program_s_own_directory(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "root"
    (root / name).parent.mkdir(parents=True)
    (root / name).symlink_to(outside)

    with pytest.raises(PatchRejected):
        apply_patch(root, "FILE: a\nx\n")
    assert not list(outside.iterdir())
    assert not (root / "a").exists()


def test_a_forged_record_can_not_reach_outside(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("")
    root = tmp_path / "root"
    (root / ".mgx/txn").mkdir(parents=True)
    empty = digest(b"")
    forged = f'{{"files": [{{"path": "../victim", "number": 0, "backup": null, "digest": "{empty}", "directories": []}}]}}'
    (root / ".mgx/txn/record.json").write_text(forged)

    result = apply_patch(root, "FILE: a\nx\n")
    assert victim.exists()
    assert "damaged" in result.notes[0]
