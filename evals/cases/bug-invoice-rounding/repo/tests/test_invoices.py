from invoices.models import Line
from invoices.text import format_invoice


def test_an_invoice():
    lines = [Line("Pen", "1.20", 2), Line("Book", "10.00")]
    assert format_invoice(lines) == "2 x Pen: 2.40\n1 x Book: 10.00\nTotal 12.40"


def test_discount():
    assert format_invoice([Line("Book", "10.00")], 25).endswith("Total 7.50")
