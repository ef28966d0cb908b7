"""SQL aggregates that the ORM lacks."""

from __future__ import annotations

from django.contrib.postgres.aggregates.mixins import OrderableAggMixin
from django.db.models import Aggregate, FloatField


class Percentile(Aggregate):
    """`percentile_cont`: interpolated, of all values. ``fraction`` is 0..1."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: str, *, fraction: float) -> None:
        super().__init__(expression, fraction=float(fraction))


class Latest(OrderableAggMixin, Aggregate):
    """The value of the first row in ``order_by``."""

    function = "ARRAY_AGG"
    template = "(%(function)s(%(expressions)s %(order_by)s))[1]"
    output_field = FloatField()
