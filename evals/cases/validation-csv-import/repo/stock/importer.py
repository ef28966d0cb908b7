import csv
from collections.abc import Iterable
from decimal import Decimal

from stock.models import Product

COLUMNS = ("sku", "price", "stock")


def read_products(lines: Iterable[str]) -> list[Product]:
    return [Product(row["sku"], Decimal(row["price"]), int(row["stock"])) for row in csv.DictReader(lines)]
