"""Each reader takes at most six times as long for four times the text, whatever the text is."""

from __future__ import annotations

import pytest

from tests.hostile import measuring
from tests.hostile.measuring import growths
from tests.hostile.reader import Reader
from tests.hostile.readers import READERS


@pytest.mark.parametrize("reader", READERS, ids=[reader.name for reader in READERS])
def test_time_grows_with_the_text(reader: Reader) -> None:
    measured = list(growths(reader))
    assert [growth.shape for growth in measured] == list(reader.texts)
    assert not [growth.problem for growth in measured if growth.problem]


def test_what_takes_the_square_or_raises_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "BEFORE", 1)  # a text that takes long enough for a busy machine to change little

    def read(text: object) -> object:
        if text == "raises":
            raise ValueError(text)
        return sum(1 for _ in str(text) for _ in str(text))

    # below some 800 a step of the kernel's clock, 4 ms, would be as long as what is measured
    reader = Reader("wrong", read, {"raises": lambda n: "raises", "square": lambda n: "a" * n}, (), start=800)
    raised, square = growths(reader)
    assert "ValueError: raises" in raised.problem
    assert "for four times as many" in square.problem


def test_what_hangs_is_ended_and_the_next_goes_on() -> None:
    def read(text: object) -> object:
        while text == "hangs":
            pass
        return text

    hung, other = growths(Reader("wrong", read, {"hangs": lambda n: "hangs", "other": lambda n: "a"}, ()), hangs=1)
    assert "ended the process" in hung.problem
    assert not other.problem
