from __future__ import annotations

from pathlib import Path

import pytest

from agent.context.paths import is_regular, regular_files

NAMES = ("circle", "circle/x", "nul\0/x", "x\0", "/etc/passwd", "above/x", "../x", "folder", "", "a" * 5000)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_what_is_no_file_of_the_workdir_is_told_and_raises_nothing(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "x").touch()
    (tmp_path / "x").touch()
    (root / "circle").symlink_to("circle")
    (root / "above").symlink_to(tmp_path)

    assert not is_regular(root, name)
    assert regular_files(root, [name, "folder/x"]) == ["folder/x"]
