import pytest

from savegame.__main__ import main
from savegame.load import UnsupportedVersion, dump, load


def test_version_2():
    assert load(dump({"version": 2, "player": "Ada", "level": 3}))["level"] == 3
    with pytest.raises(UnsupportedVersion):
        load('{"version": 9}')


def test_it_is_shown(tmp_path, capsys):
    file = tmp_path / "game"
    file.write_text(dump({"version": 2, "player": "Ada", "level": 3}))
    assert main([str(file)]) == 0
    assert capsys.readouterr().out == "Ada, level 3\n"
