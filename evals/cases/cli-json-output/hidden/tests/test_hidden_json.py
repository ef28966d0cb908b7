import json
from pathlib import Path

import pytest

from diskreport.__main__ import main


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "sub").mkdir()
    for name, size in {"small.txt": 3, "sub/big \"x\".bin": 5000, "mid-ü.txt": 70}.items():
        (tmp_path / name).write_bytes(b"x" * size)
    return tmp_path


def test_json_is_all_there_is(tree, capsys):
    assert main([str(tree), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"path": 'sub/big "x".bin', "bytes": 5000},
        {"path": "mid-ü.txt", "bytes": 70},
        {"path": "small.txt", "bytes": 3},
    ]


def test_with_top(tree, capsys):
    main([str(tree), "--top", "1", "--json"])
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_an_empty_directory_is_an_empty_array(tmp_path, capsys):
    main([str(tmp_path), "--json"])
    assert json.loads(capsys.readouterr().out) == []


def test_plain_output_is_as_it_was(tree, capsys):
    main([str(tree)])
    wanted = f"Largest files below {tree}\n     5 KiB  sub/big \"x\".bin\n      70 B  mid-ü.txt\n       3 B  small.txt\n"
    assert capsys.readouterr().out == wanted


def test_it_is_documented():
    assert "--json" in Path("README.md").read_text()


def test_no_directory_says_nothing_on_stdout(tmp_path, capsys):
    assert main([str(tmp_path / "missing"), "--json"]) == 2
    assert capsys.readouterr().out == ""
