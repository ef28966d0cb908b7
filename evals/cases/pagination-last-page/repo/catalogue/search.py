from catalogue.paging import Page, paginate


def search(products: list[str], word: str, page: int = 1, size: int = 20) -> Page[str]:
    """Products whose name holds ``word``, sorted, one page of them."""
    found = sorted(name for name in products if word.lower() in name.lower())
    return paginate(found, page, size)
