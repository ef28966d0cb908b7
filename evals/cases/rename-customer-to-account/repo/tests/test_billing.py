import pytest

from billing.customer import Customer, UnknownCustomer, find_customer
from billing.export import export
from billing.invoice import Invoice, total_by_customer

ADA = Customer(1, "Ada")


def test_find():
    assert find_customer([ADA], 1) == ADA
    with pytest.raises(UnknownCustomer, match="Unknown customer: 7"):
        find_customer([ADA], 7)


def test_totals():
    assert total_by_customer([Invoice(ADA, 5), Invoice(ADA, 6)]) == {1: 11}


def test_export():
    assert export([Invoice(ADA, 5)]) == '{"customer_id": 1, "customer_name": "Ada", "cents": 5}'
