from prices.service import PriceService


def test_the_supplier_is_asked_once():
    asked = []
    service = PriceService(lambda article: asked.append(article) or 250)
    assert service.price("lamp") == 250
    assert service.price("lamp", 3) == 750
    assert asked == ["lamp"]


def test_a_changed_price_is_asked_for_again():
    prices = iter([100, 120])
    service = PriceService(lambda article: next(prices))
    assert service.price("lamp") == 100
    service.changed("lamp")
    assert service.price("lamp") == 120
