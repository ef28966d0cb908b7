from importers import amazon, magento, shopware


def test_orders():
    assert shopware.orders(["1;9.90"]) == magento.orders(["1,9.90"]) == [{"id": "1", "total": "9.90"}]
    assert amazon.orders(["1\t9.90\tDE"])[0]["channel"] == "DE"
