from savegame.__main__ import main
from savegame.load import load
from savegame.v1 import read_v1

OLD = "version=1\nplayer=Ada\nlevel=3\n"


def test_an_old_file_is_read():
    assert read_v1(OLD) == load(OLD) == {"version": 2, "player": "Ada", "level": 3}


def test_it_is_converted(tmp_path):
    file = tmp_path / "game"
    file.write_text(OLD)
    main([str(file), "--convert"])
    assert file.read_text().startswith("{")
