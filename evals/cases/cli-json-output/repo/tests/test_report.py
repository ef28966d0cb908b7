from diskreport.__main__ import human, main


def test_largest_first(tmp_path, capsys):
    (tmp_path / "a.txt").write_bytes(b"x" * 10)
    (tmp_path / "b.txt").write_bytes(b"x" * 2000)
    assert main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["b.txt", "a.txt"]


def test_no_directory_is_a_usage_error(tmp_path, capsys):
    assert main([str(tmp_path / "missing")]) == 2
    assert "no directory" in capsys.readouterr().err


def test_sizes_for_people():
    assert human(1023) == "1023 B"
    assert human(2048) == "2 KiB"
