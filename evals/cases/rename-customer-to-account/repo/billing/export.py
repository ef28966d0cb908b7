import json

from billing.invoice import Invoice


def export(invoices: list[Invoice]) -> str:
    """One JSON object per line, for the ledger."""
    lines = [
        {"customer_id": invoice.customer.id, "customer_name": invoice.customer.name, "cents": invoice.cents}
        for invoice in invoices
    ]
    return "\n".join(json.dumps(line) for line in lines)
