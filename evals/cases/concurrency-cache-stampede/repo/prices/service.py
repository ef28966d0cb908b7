from collections.abc import Callable

from prices.cache import LoadingCache


class PriceService:
    def __init__(self, supplier: Callable[[str], int]) -> None:
        self._cache: LoadingCache[str, int] = LoadingCache(supplier)

    def price(self, article: str, quantity: int = 1) -> int:
        return self._cache.get(article) * quantity

    def changed(self, article: str) -> None:
        """The supplier says that the price is another one now."""
        self._cache.forget(article)
