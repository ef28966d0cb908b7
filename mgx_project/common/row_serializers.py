"""The one way from rows to JSON: `values()` → `shape()` → orjson, for lists and for single rows.

DRF's serializers cost about 20 ms per 100 rows, which is more than the query and everything else together. Here a serializer
only declares the shape (names, types, OpenAPI); its fields say which columns are read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from rest_framework import serializers


class RowSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    # A comment, because OpenAPI shows a docstring to the users of every serializer that inherits it.
    # Output of a model. A field whose source is a column path is copied; every other field is made by ``shape``.

    reads: ClassVar[tuple[str, ...]] = ()
    """Columns that ``shape`` needs and that are not fields."""
    heavy: ClassVar[tuple[str, ...]] = ()
    """Fields that can be large: a page of a list ends where they add up to its bound (`pagination.MAX_PAGE_BYTES`)."""
    made: ClassVar[tuple[str, ...]] = ()
    """Fields that have no column: `shape` makes them."""

    @classmethod
    @lru_cache(maxsize=64)
    def columns(cls) -> dict[str, str]:
        """Output name → column path, in the order of the fields."""
        fields = {
            name: (field.source or name).replace(".", "__") for name, field in cls().fields.items() if name not in cls.made
        }
        return fields | {name: name for name in cls.reads if name not in fields}

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        """Turns the columns (by output name) into the answer; override to nest or to compute. Must drop what only it reads."""
        return row

    @classmethod
    def render(cls, row: dict[str, Any]) -> dict[str, Any]:
        return cls.shape({name: row[path] for name, path in cls.columns().items()})
