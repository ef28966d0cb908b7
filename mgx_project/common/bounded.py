"""Free-form JSON in requests, with limits: what one request stores is part of every list that shows it."""

from __future__ import annotations

from typing import Any

import orjson
from rest_framework import serializers

MAX_BYTES = 16 * 1024
MAX_DEPTH = 8


class BoundedDictField(serializers.DictField):
    """An object of at most ``max_bytes`` as JSON and ``max_depth`` levels."""

    def __init__(self, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH, **kwargs: Any) -> None:
        self.max_bytes, self.max_depth = max_bytes, max_depth
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            if _deeper(data, self.max_depth):
                raise serializers.ValidationError(
                    f"This is nested deeper than {self.max_depth} levels. Use a flatter structure."
                )
            if (size := len(orjson.dumps(data))) > self.max_bytes:
                raise serializers.ValidationError(
                    f"This has {size:,} bytes as JSON; the limit is {self.max_bytes:,}. Keep large data in the repository."
                )
        return super().to_internal_value(data)


def _deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            part
            for found in level
            if isinstance(found, dict | list)
            for part in (found.values() if isinstance(found, dict) else found)
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True
