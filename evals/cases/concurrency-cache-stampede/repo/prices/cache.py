from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LoadingCache(Generic[K, V]):
    """Remembers what ``load`` gave for a key until it is forgotten."""

    def __init__(self, load: Callable[[K], V]) -> None:
        self._load = load
        self._values: dict[K, V] = {}

    def get(self, key: K) -> V:
        if key not in self._values:
            self._values[key] = self._load(key)
        return self._values[key]

    def forget(self, key: K) -> None:
        self._values.pop(key, None)
