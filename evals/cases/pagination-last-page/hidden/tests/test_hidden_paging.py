import pytest

from catalogue.paging import paginate


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (19, 1), (20, 1), (21, 2), (40, 2), (41, 3)])
def test_every_item_is_on_exactly_one_page(count, pages):
    items = list(range(count))
    seen, number = [], 1
    while number is not None:
        page = paginate(items, number)
        assert page.pages == pages
        assert page.number == number
        seen += page.items
        assert page.next is None or page.next == number + 1
        number = page.next
    assert seen == items
    assert number is None


def test_a_full_last_page_has_no_next():
    assert paginate(list(range(40)), 2).next is None


def test_behind_the_end_is_empty():
    page = paginate(list(range(5)), 9)
    assert list(page.items) == []
    assert page.next is None


@pytest.mark.parametrize(("number", "size"), [(0, 20), (-1, 20), (1, 0), (1, -5), (1, 101)])
def test_nonsense_is_refused(number, size):
    with pytest.raises(ValueError):
        paginate([1, 2, 3], number, size)


def test_the_bounds_are_allowed():
    assert paginate(list(range(101)), 1, 100).next == 2
    assert paginate([1, 2], 2, 1).items[0] == 2
