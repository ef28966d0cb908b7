"""Keyset pagination: the next page begins after the last row seen, so inserts never shift it and deep pages cost the same.

The cursor is signed and bound to the order and the filters it was made for. Only immutable columns may order.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework.request import Request

from .errors import BadRequest

DEFAULT_LIMIT, MAX_LIMIT, MAX_COUNT = 50, 200, 10_000
MAX_PAGE_BYTES = 4 * 1024 * 1024
"""Of the columns that can be large, as JSON."""
PARAMETERS = frozenset({"limit", "cursor", "order", "count", "workspace"})
_SALT = "mgx.cursor"


class Page:
    """One page of a queryset in the order that the request asks for, newest first by default.

    ``rows`` is a list of at most ``limit`` dicts, ``next_cursor`` None on the last page. Of large rows a page has fewer, but
    at least one. ``total`` is counted to MAX_COUNT
    at most, and only with ``count=true``.
    """

    def __init__(self, queryset: QuerySet[Any], request: Request, *, orders: tuple[str, ...] = ("created_at",)) -> None:
        params = request.query_params
        self.limit = _limit(params.get("limit"))
        self.order = params.get("order") or f"-{orders[0]}"
        self.column = self.order.removeprefix("-")
        if self.column not in orders:
            choices = ", ".join(f"{sign}{name}" for name in orders for sign in ("", "-"))
            raise BadRequest(f"order={self.order} is not supported here. Choose one of {choices}.", field="order")
        filters = sorted((k, v) for k, v in params.items() if k not in {"limit", "cursor", "count"})
        self._binding = hashlib.sha256(urlencode([*filters, ("order", self.order)]).encode()).hexdigest()[:16]
        self.counted = params.get("count") in {"true", "1"}
        self.queryset = queryset
        self.after = self._read(params.get("cursor"))

    def fetch(self, columns: dict[str, str], heavy: tuple[str, ...] = ()) -> tuple[list[dict[str, Any]], str | None]:
        """``columns`` maps output names to column paths, of which ``heavy`` can be large. One query."""
        down = self.order.startswith("-")
        sign = "-" if down else ""
        queryset = self.queryset.order_by(f"{sign}{self.column}", f"{sign}id")
        if self.after is not None:
            value, last_id = self.after
            step = "lt" if down else "gt"
            queryset = queryset.filter(
                Q(**{f"{self.column}__{step}": value}) | Q(**{self.column: value, f"id__{step}": last_id})
            )
        paths = {*columns.values(), self.column, "id"}
        found = list(queryset.values(*paths)[: self.limit + 1])
        rows = _bounded(found[: self.limit], [columns[name] for name in heavy])
        cursor = None
        if len(found) > len(rows):
            cursor = signing.dumps([rows[-1][self.column].isoformat(), str(rows[-1]["id"]), self._binding], salt=_SALT)
        return rows, cursor

    def total(self) -> int:
        return self.queryset.order_by()[:MAX_COUNT].count()

    def _read(self, cursor: str | None) -> tuple[datetime, str] | None:
        if not cursor:
            return None
        try:
            value, last_id, binding = signing.loads(cursor, salt=_SALT)
            at = datetime.fromisoformat(value)
        except (signing.BadSignature, ValueError, TypeError):
            raise BadRequest(
                "This cursor was not created by this server. Start again without a cursor.", field="cursor"
            ) from None
        if binding != self._binding:
            raise BadRequest(
                "This cursor belongs to other filters or another order. Start again without a cursor.", field="cursor"
            )
        return at, last_id


def _bounded(rows: list[dict[str, Any]], heavy: list[str]) -> list[dict[str, Any]]:
    """As many of ``rows`` as fit into a page."""
    if not heavy:
        return rows
    size = 0
    for number, row in enumerate(rows):
        size += len(orjson.dumps([row[path] for path in heavy], default=str))
        if size > MAX_PAGE_BYTES and number:
            return rows[:number]
    return rows


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    return whole_number("limit", text, 1, MAX_LIMIT)


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """The query parameter ``name`` as a number. Raises BadRequest."""
    if not re.fullmatch("[0-9]{1,12}", text) or not least <= int(text) <= most:
        raise BadRequest(f"{name} must be a whole number from {least} to {most}.", field=name)
    return int(text)
