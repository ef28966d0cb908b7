from collections.abc import Sequence

from invoices.models import Line


def line_amount(line: Line, discount: int) -> float:
    """``discount`` in percent."""
    return float(line.price) * line.quantity * (1 - discount / 100)


def total(lines: Sequence[Line], discount: int) -> float:
    return sum(line_amount(line, discount) for line in lines)
