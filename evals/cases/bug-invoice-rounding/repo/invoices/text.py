from collections.abc import Sequence

from invoices.amounts import line_amount, total
from invoices.models import Line


def format_invoice(lines: Sequence[Line], discount: int = 0) -> str:
    printed = [f"{line.quantity} x {line.name}: {line_amount(line, discount):.2f}" for line in lines]
    return "\n".join([*printed, f"Total {total(lines, discount):.2f}"])
