"""Sums of sales by day."""

from collections.abc import Iterable
from datetime import date

from shop.models import Sale, Shop


def daily_totals(shop: Shop, sales: Iterable[Sale]) -> dict[date, int]:
    """Day → cents, days in order. Days without sales are left out."""
    totals: dict[date, int] = {}
    for sale in sales:
        day = sale.at.date()
        totals[day] = totals.get(day, 0) + sale.cents
    return dict(sorted(totals.items()))


def sales_on(shop: Shop, day: date, sales: Iterable[Sale]) -> list[Sale]:
    """The sales of one day, in order of time."""
    return sorted((sale for sale in sales if sale.at.date() == day), key=lambda sale: sale.at)


def best_day(shop: Shop, sales: Iterable[Sale]) -> date | None:
    """The day with the highest total, the earliest of several; None without sales."""
    totals = daily_totals(shop, sales)
    return max(totals, key=lambda day: totals[day], default=None)
