from datetime import UTC, date, datetime, timedelta

import pytest

from shop.models import Sale, Shop
from shop.reports import best_day, daily_totals, sales_on

BERLIN, AUCKLAND, NEW_YORK = Shop("B", "Europe/Berlin"), Shop("A", "Pacific/Auckland"), Shop("N", "America/New_York")


def at(*when):
    return Sale(datetime(*when, tzinfo=UTC), 100)


def test_after_midnight_is_the_next_day():
    assert daily_totals(BERLIN, [at(2026, 1, 5, 23, 30)]) == {date(2026, 1, 6): 100}
    assert daily_totals(NEW_YORK, [at(2026, 1, 6, 3)]) == {date(2026, 1, 5): 100}


def test_summer_and_winter_have_other_offsets():
    late_winter, late_summer = at(2026, 1, 5, 22, 30), at(2026, 7, 5, 22, 30)
    assert list(daily_totals(BERLIN, [late_winter, late_summer])) == [date(2026, 1, 5), date(2026, 7, 6)]


def test_the_days_of_the_change_have_23_and_25_hours():
    hours = [at(2026, 3, 27) .at + timedelta(hours=n) for n in range(96)]
    totals = daily_totals(BERLIN, [Sale(when, 1) for when in hours])
    assert totals[date(2026, 3, 29)] == 23
    hours = [at(2026, 10, 23).at + timedelta(hours=n) for n in range(96)]
    assert daily_totals(BERLIN, [Sale(when, 1) for when in hours])[date(2026, 10, 25)] == 25


def test_both_agree():
    sales = [at(2026, 1, day, hour) for day in range(1, 5) for hour in range(24)]
    for day, total in daily_totals(AUCKLAND, sales).items():
        assert sum(sale.cents for sale in sales_on(AUCKLAND, day, sales)) == total
    assert best_day(AUCKLAND, sales) in daily_totals(AUCKLAND, sales)


@pytest.mark.parametrize("report", [daily_totals, lambda shop, sales: sales_on(shop, date(2026, 1, 5), sales)])
def test_a_naive_time_is_refused(report):
    with pytest.raises(ValueError):
        report(BERLIN, [Sale(datetime(2026, 1, 5, 12), 100)])
