from datetime import UTC, date, datetime

from shop.models import Sale, Shop
from shop.reports import best_day, daily_totals, sales_on

LONDON = Shop("Soho", "Europe/London")
SALES = [
    Sale(datetime(2026, 1, 5, 12, tzinfo=UTC), 500),
    Sale(datetime(2026, 1, 5, 9, tzinfo=UTC), 250),
    Sale(datetime(2026, 1, 6, 10, tzinfo=UTC), 100),
]


def test_totals_are_by_day():
    assert daily_totals(LONDON, SALES) == {date(2026, 1, 5): 750, date(2026, 1, 6): 100}


def test_sales_of_a_day_are_in_order():
    assert [sale.cents for sale in sales_on(LONDON, date(2026, 1, 5), SALES)] == [250, 500]


def test_the_best_day():
    assert best_day(LONDON, SALES) == date(2026, 1, 5)
    assert best_day(LONDON, []) is None
