"""Which file of a change came from which is told by the lines that both have."""

from __future__ import annotations

import pytest

from agent.changes.renames import MAX_BYTES, similar
from tests.support.processor import at_most

TEXT = "".join(f"line {number}\n" for number in range(20)).encode()
HALF = b"".join(TEXT.splitlines(True)[:11])
OTHER = TEXT.replace(b"line", b"word")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": TEXT}, {"b": TEXT.replace(b"7", b"seven")}, {"b": "a"}),
        ({"a": TEXT}, {"b": HALF}, {"b": "a"}),
        ({"a": TEXT}, {"b": HALF[:40]}, {}),
        ({"a": TEXT}, {"b": OTHER}, {}),
        ({"a": TEXT, "c": OTHER}, {"b": OTHER + b"more\n", "d": TEXT + b"more\n"}, {"b": "c", "d": "a"}),
        ({"a": TEXT}, {"b": HALF, "c": TEXT + b"more\n"}, {"c": "a"}),
        ({"a": TEXT}, {"c": TEXT, "b": TEXT}, {"b": "a"}),
        ({"a": b"", "c": None}, {"b": b"", "d": None}, {}),
        ({"a": b"x" * (MAX_BYTES + 1)}, {"b": b"x" * (MAX_BYTES + 1)}, {}),
        ({f"a{n}": TEXT for n in range(60)}, {f"b{n}": TEXT for n in range(60)}, {}),
        ({"a": b"\0\n\xff\n"}, {"b": b"\0\n\xff\n"}, {"b": "a"}),
    ],
)  # fmt: skip
def test_the_file_that_is_most_alike_is_the_source(
    old: dict[str, bytes | None], new: dict[str, bytes | None], found: dict[str, str]
) -> None:
    assert similar(old, new) == found


def test_large_files_of_many_lines_are_not_compared_with_each_other() -> None:
    large = b"\n".join(str(number).encode() for number in range(140_000))
    files = {str(number): large for number in range(4)}
    with at_most(2):
        assert similar(files, files) == {}
    assert similar({"a": large}, {"b": large + b"\nmore"}) == {"b": "a"}


def test_many_bytes_are_not_held() -> None:
    few = b"a\n" * (MAX_BYTES // 2)
    assert similar({str(number): few for number in range(17)}, {"b": few}) == {}
