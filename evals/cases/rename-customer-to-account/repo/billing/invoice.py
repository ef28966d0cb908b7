from dataclasses import dataclass

from billing.customer import Customer


@dataclass(frozen=True)
class Invoice:
    customer: Customer
    cents: int

    def title(self) -> str:
        return f"Invoice for customer {self.customer.name}"


def total_by_customer(invoices: list[Invoice]) -> dict[int, int]:
    totals: dict[int, int] = {}
    for invoice in invoices:
        totals[invoice.customer.id] = totals.get(invoice.customer.id, 0) + invoice.cents
    return totals
