from decimal import Decimal

from stock.importer import read_products


def value(lines: list[str]) -> Decimal:
    """What the stock is worth."""
    return sum((product.price * product.stock for product in read_products(lines)), Decimal())
