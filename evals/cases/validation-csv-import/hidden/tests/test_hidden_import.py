from decimal import Decimal

import pytest

from stock.importer import read_products
from stock.models import Import, Problem, Product
from stock.report import value

HEAD = "sku,price,stock"


def bad_lines(*lines):
    return [problem.line for problem in read_products([HEAD, *lines]).problems]


def test_good_and_bad_lines():
    found = read_products([HEAD, "A1,2.50,4", ",1,1", "B2,x,1", "B2,1.00,7", "A1,1,1"])
    assert isinstance(found, Import)
    assert list(found.products) == [Product("A1", Decimal("2.50"), 4), Product("B2", Decimal("1.00"), 7)]
    assert [problem.line for problem in found.problems] == [3, 4, 6]
    assert all(isinstance(problem, Problem) and problem.text for problem in found.problems)


@pytest.mark.parametrize("price", ["", "-1", "1.234", "NaN", "Infinity", "1e3", "1,5", "0x1", "1_000", "--1", "."])
def test_bad_prices(price):
    assert bad_lines(f'A1,"{price}",1') == [2]


@pytest.mark.parametrize("price", ["0", "0.5", "10.00", " 3.25 "])
def test_good_prices(price):
    assert bad_lines(f"A1,{price},1") == []


@pytest.mark.parametrize("stock", ["", "-1", "1.0", "many", "1_0", "²"])
def test_bad_stock(stock):
    assert bad_lines(f"A1,1,{stock}") == [2]


def test_a_line_that_is_too_short_is_one_problem():
    assert bad_lines("A1", "B2,1,1") == [2]


def test_line_numbers_count_lines_of_the_file():
    assert bad_lines('"A\n1",1,1', "B2,x,1") == [4]


def test_a_bad_line_does_not_take_the_sku():
    found = read_products([HEAD, "A1,x,1", "A1,1,1"])
    assert [product.sku for product in found.products] == ["A1"] or [problem.line for problem in found.problems] == [2, 3]


def test_missing_columns_are_named():
    with pytest.raises(ValueError, match="stock"):
        read_products(["sku,price", "A1,1"])
    with pytest.raises(ValueError):
        read_products([])


def test_the_report_counts_the_good_lines():
    assert value([HEAD, "A1,2,3", "B2,x,1"]) == Decimal("6")
