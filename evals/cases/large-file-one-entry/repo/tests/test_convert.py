import pytest

from units.convert import convert
from units.table import FACTORS


def test_there_and_back():
    one, two = [name for name, (kind, _) in FACTORS.items() if kind == "length"][:2]
    assert convert(convert(3.5, one, two), two, one) == pytest.approx(3.5)


def test_categories_do_not_mix():
    with pytest.raises(ValueError):
        convert(1, "acre_foot", next(name for name, (kind, _) in FACTORS.items() if kind == "mass"))
