from decimal import Decimal

from stock.report import value

GOOD = ["sku,price,stock", "A1,2.50,4", "B2,1,10"]


def test_value():
    assert value(GOOD) == Decimal("20.00")
