import importlib
import pathlib

import pytest

from billing.account import Account, UnknownAccount, find_account
from billing.export import export
from billing.invoice import Invoice, total_by_account

ADA = Account(1, "Ada")


def test_find():
    assert find_account(accounts=[ADA], account_id=1) == ADA
    with pytest.raises(UnknownAccount, match="Unknown account: 7") as refused:
        find_account([ADA], 7)
    assert refused.value.account_id == 7


def test_invoices():
    assert total_by_account([Invoice(ADA, 5), Invoice(account=ADA, cents=6)]) == {1: 11}
    assert Invoice(ADA, 5).title() == "Invoice for account Ada"
    assert Invoice(ADA, 5).account is ADA


def test_the_export_keeps_its_format():
    assert export([Invoice(ADA, 5)]) == '{"customer_id": 1, "customer_name": "Ada", "cents": 5}'


def test_the_old_name_is_gone():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("billing.customer")
    for path in pathlib.Path("billing").glob("*.py"):
        text = path.read_text().lower().replace("customer_id", "").replace("customer_name", "") if path.name == "export.py" else path.read_text().lower()
        assert "customer" not in text, path
