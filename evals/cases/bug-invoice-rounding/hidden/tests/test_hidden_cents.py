from decimal import Decimal
from fractions import Fraction

import pytest

from invoices.amounts import line_amount, total
from invoices.models import Line
from invoices.text import format_invoice


def test_the_report():
    assert format_invoice([Line("Pin", "0.35", 3)]).endswith("Total 1.05")
    text = format_invoice([Line("Pin", "0.35")] * 3, discount=10)
    assert text == "1 x Pin: 0.32\n1 x Pin: 0.32\n1 x Pin: 0.32\nTotal 0.96"


@pytest.mark.parametrize(("price", "printed"), [("2.675", "2.68"), ("2.665", "2.67"), ("1.005", "1.01"), ("0.004", "0.00"), ("0.005", "0.01")])
def test_half_goes_up(price, printed):
    assert format_invoice([Line("X", price)]).endswith(f"Total {printed}")


def test_every_cent_is_exact():
    for cents in range(1, 400, 7):
        for discount in (0, 3, 5, 33, 100):
            line = Line("X", f"{cents / 100:.2f}", 3)
            exact = Fraction(cents * 3 * (100 - discount), 100)
            wanted = int(exact + Fraction(1, 2))
            assert line_amount(line, discount) == Decimal(wanted).scaleb(-2)
            assert total([line] * 7, discount) == Decimal(wanted * 7).scaleb(-2)
            assert isinstance(total([line], discount), Decimal)


def test_large_amounts_and_no_lines():
    assert format_invoice([Line("Ship", "99999999999999.99", 3)]).endswith("Total 299999999999999.97")
    assert format_invoice([]) == "Total 0.00"
