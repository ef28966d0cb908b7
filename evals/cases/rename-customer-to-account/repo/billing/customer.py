from dataclasses import dataclass


@dataclass(frozen=True)
class Customer:
    id: int
    name: str


class UnknownCustomer(LookupError):
    def __init__(self, customer_id: int) -> None:
        super().__init__(f"Unknown customer: {customer_id}")
        self.customer_id = customer_id


def find_customer(customers: list[Customer], customer_id: int) -> Customer:
    """Raises UnknownCustomer."""
    for customer in customers:
        if customer.id == customer_id:
            return customer
    raise UnknownCustomer(customer_id)
