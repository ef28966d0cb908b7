from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.tools.repository import CODE, call


def test_a_file_is_shown_with_numbers_and_counts_as_read(root: Path) -> None:
    result = call(root, "read", paths=["shop/cart.py"])
    assert result.text.splitlines()[:2] == ["shop/cart.py: lines 1-7 of 7", "1\tclass Cart:"]
    assert result.read == {"shop/cart.py": CODE}


def test_several_places_come_in_their_order_and_one_that_is_wrong_spoils_no_other(root: Path) -> None:
    result = call(root, "read", paths=["ui/app.ts", "shop/cart.py:2-3", "nowhere.py", ".env", "README.md", "ui/app.ts"])
    heads = [line for line in result.text.splitlines() if "lines" in line or "no file" in line or "secrets" in line]
    assert [head.partition(":")[0].split()[0] for head in heads] == ["ui/app.ts", "shop/cart.py", "There", ".env", "README.md"]
    assert sorted(result.read) == ["README.md", "ui/app.ts"], "a range is no whole reading"
    assert not result.is_error
    assert call(root, "read", paths=["nowhere.py", ".env"]).is_error


@pytest.mark.parametrize("place", ["shop/cart.py:2-3", "shop/cart.py:2:3", "shop/cart.py#L2-L3", "./shop/cart.py:2..3"])
def test_a_range_says_of_how_many_lines_it_is_and_is_not_read_in_full(root: Path, place: str) -> None:
    result = call(root, "read", paths=place)
    assert result.text.splitlines()[0] == "shop/cart.py: lines 2-3 of 7"
    assert len(result.text.splitlines()) == 3
    assert result.read == {}


def test_lines_that_there_are_not_are_refused(root: Path) -> None:
    assert "has 7 lines" in call(root, "read", paths="shop/cart.py:8").text
    assert call(root, "read", paths="shop/cart.py:3-2").is_error
    assert call(root, "read", paths="shop/cart.py:0-2").text.splitlines()[0] == "shop/cart.py: lines 1-2 of 7"
    assert call(root, "read", paths="shop/cart.py:5").text.splitlines()[0] == "shop/cart.py: lines 5-5 of 7"
    assert call(root, "read", paths="shop/cart.py:5-").text.splitlines()[0] == "shop/cart.py: lines 5-7 of 7"


def test_a_long_file_comes_in_ranges_that_cover_it(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("".join(f"line {number}\n" for number in range(1, 3_001)))
    start, seen = 1, 0
    while start <= 3_000:
        lines = [line for line in call(tmp_path, "read", paths=f"long.txt:{start}-3000").text.splitlines() if "\tline" in line]
        seen += len(lines)
        start += len(lines)
    assert seen == 3_000


def test_a_long_file_shows_its_outline_and_first_lines(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(600)))
    result = call(tmp_path, "read", paths="long.py")
    assert "2400 lines, too long" in result.text.splitlines()[0] and "long.py:1-200" in result.text.splitlines()[0]
    outline, _, text = result.text.partition("long.py: lines 1-")
    assert "\n5\tdef f1():" in outline and "more definitions" in outline
    assert "\n2\t    return 0" in text
    assert result.read == {}


def test_a_call_that_is_full_says_what_it_left_out(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"f{number}.txt").write_text("x" * 99 + "\n" + ("y" * 99 + "\n") * 70)
    result = call(tmp_path, "read", paths=[f"f{number}.txt" for number in range(5)])
    assert sorted(result.read) == ["f0.txt", "f1.txt", "f2.txt"]
    assert result.text.count("is not shown: this call is full") == 2


def test_more_places_than_a_call_takes_are_refused(root: Path) -> None:
    assert "at most 20" in call(root, "read", paths=[f"a{number}.py" for number in range(21)]).text


def test_a_line_that_is_cut_or_not_printable_is_no_full_reading(tmp_path: Path) -> None:
    (tmp_path / "wide.txt").write_text("x" * 5_000)
    (tmp_path / "bell.txt").write_text("a\x1b[2Jb\n")
    (tmp_path / "empty.txt").touch()
    assert "(cut)" in call(tmp_path, "read", paths="wide.txt").text
    assert "\x1b" not in call(tmp_path, "read", paths="bell.txt").text
    assert call(tmp_path, "read", paths="bell.txt").read == {}
    assert call(tmp_path, "read", paths="empty.txt").read == {"empty.txt": ""}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("cart.py", "shop/cart.py"), ("shop/crat.py", "Did you mean shop/cart.py?"), ("shop", "is a folder"), ("", "missing"),
        (".", "Name a file"), ("noise.log", "ignored"),
    ],
)  # fmt: skip
def test_a_wrong_path_is_answered_with_what_to_do(root: Path, path: str, said: str) -> None:
    result = call(root, "read", paths=path)
    assert result.is_error and said in result.text


def test_what_is_no_text_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "big.txt").write_text("x\n" * 1_200_000)
    assert call(tmp_path, "read", paths="a.bin").is_error
    assert "search" in call(tmp_path, "read", paths="big.txt").text


def test_a_name_with_a_colon_is_a_name_first(tmp_path: Path) -> None:
    (tmp_path / "one:1-2").write_text("one\n")
    assert call(tmp_path, "read", paths="one:1-2").read == {"one:1-2": "one\n"}


def test_lines_of_an_earlier_run_are_read_by_its_number(root: Path) -> None:
    outputs = ["first", "\n".join(f"line {number}" for number in range(1, 501))]
    result = call(root, "read", outputs=outputs, paths=["@run2:200-201", "shop/cart.py"])
    assert result.text.splitlines()[:3] == ["@run2: lines 200-201 of 500", "200\tline 200", "201\tline 201"]
    assert list(result.read) == ["shop/cart.py"]
    assert "There are @run1 to @run2." in call(root, "read", outputs=outputs, paths="@run3:1-2").text
    assert "Nothing was run" in call(root, "read", paths="@run1").text
