from catalogue.search import search

PRODUCTS = [f"Lamp {number:02}" for number in range(45)] + ["Chair"]


def test_the_first_page():
    page = search(PRODUCTS, "lamp", size=20)
    assert page.items[0] == "Lamp 00"
    assert len(page.items) == 20
    assert page.next == 2


def test_case_does_not_matter():
    assert list(search(PRODUCTS, "CHAIR").items) == ["Chair"]
