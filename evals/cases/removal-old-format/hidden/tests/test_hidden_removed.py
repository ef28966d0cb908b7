import importlib
from pathlib import Path

import pytest

from savegame.__main__ import main
from savegame.load import UnsupportedVersion, dump, load

TEXT = "Save files of version 1 are no longer supported: open the game in release 4 first."


@pytest.mark.parametrize("old", ["version=1\nplayer=Ada\nlevel=3\n", "version=1"])
def test_an_old_file_is_refused_with_what_to_do(old):
    with pytest.raises(UnsupportedVersion) as refused:
        load(old)
    assert str(refused.value) == TEXT


def test_version_2_works_as_before():
    game = {"version": 2, "player": "Ada", "level": 3}
    assert load(dump(game)) == game
    with pytest.raises(UnsupportedVersion, match="version 9"):
        load('{"version": 9}')
    with pytest.raises(ValueError):
        load("nonsense")


def test_nothing_is_left_of_it(tmp_path):
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("savegame.v1")
    assert not Path("tests/test_v1.py").exists()
    with pytest.raises(SystemExit):
        main([str(tmp_path / "x"), "--convert"])
    readme = Path("README.md").read_text()
    assert "--convert" not in readme
    assert "key=value" not in readme
    assert "Version 2" in readme
