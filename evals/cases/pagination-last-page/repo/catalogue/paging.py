"""Cuts a list into pages. Pages are counted from 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    items: Sequence[T]
    number: int
    pages: int
    next: int | None


def paginate(items: Sequence[T], number: int, size: int = 20) -> Page[T]:
    pages = len(items) // size
    start = (number - 1) * size
    chosen = items[start : start + size]
    return Page(chosen, number, pages, number + 1 if len(chosen) == size else None)
