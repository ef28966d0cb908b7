"""Money as people read it, the same in every text: pages, errors, comments, pull requests. `mgx_cli.render.cost` does it
likewise."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

SMALLEST = Decimal("0.000001")
"""What the ledger keeps, in USD."""


def usd(amount: object) -> str:
    """`$3`, `$0.50`, `$0.000045`: never an exponent, and at least two decimals where there are any. What is less than the
    ledger keeps is said to be so. ``amount`` is a number or its text; what is neither is returned as it is."""
    try:
        exact = Decimal(str(amount))
        rounded = exact.quantize(SMALLEST)
    except InvalidOperation:
        return str(amount)
    if exact and not rounded:
        return f"less than ${SMALLEST:f}"
    whole, _, part = f"{abs(rounded):,f}".partition(".")
    part = part.rstrip("0")
    return f"{'-' if rounded < 0 else ''}${whole}{f'.{part:0<2}' if part else ''}"
