from pathlib import Path

import pytest

from stats.legacy import report
from stats.summary import mean, median


@pytest.mark.parametrize(("values", "wanted"), [([3], 3), ([5, 1, 3], 3), ([4, 1, 3, 2], 2.5), ([1, 1, 9, 9], 5), ((2, -2), 0)])
def test_median(values, wanted):
    before = list(values)
    assert median(values) == wanted
    assert list(values) == before


def test_no_values():
    with pytest.raises(ValueError):
        median([])


def test_the_rest_was_left_alone():
    assert report([1, 2]) == "mean=1.5"
    assert mean([1, 3]) == 2
    assert 'assert report([1, 2]) == "mean=1.50"' in Path("tests/test_legacy.py").read_text()
