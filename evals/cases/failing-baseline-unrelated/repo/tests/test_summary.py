import pytest

from stats.summary import mean


def test_mean():
    assert mean([1, 2, 6]) == 3
    with pytest.raises(ValueError):
        mean([])
