"""Pages of lists by keyset: a page begins after the last row seen, so inserts never shift it and deep pages cost the same.

DRF's CursorPagination steps over rows of the same time by an offset, reads whole model instances and takes cursors that anybody
wrote. Here the id breaks ties, only the columns of ``view.rows`` are read, and the cursor is signed and bound to the list,
the order and the filters that it was made for. Only immutable columns may order.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.core import signing
from django.db.models import Q
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from .errors import BadRequest
from .query_parameters import whole_number

DEFAULT_LIMIT, MAX_LIMIT, MAX_COUNT = 50, 200, 10_000
MAX_PAGE_BYTES = 4 * 1024 * 1024
"""Of the columns that can be large, as JSON."""
_SALT = "mgx.cursor"


class WholeList(BasePagination):
    """The form of all lists, for one that is short enough to be answered whole."""

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"items": data, "next_cursor": None})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "items": {**schema, "maxItems": MAX_LIMIT},
                "next_cursor": {"type": ["string", "null"], "description": "Pass it as ?cursor= to get the next page."},
                "total": {"type": "integer", "description": "Only with ?count=true; at most 10,000."},
            },
            "required": ["items", "next_cursor"],
        }


class KeysetPagination(WholeList):
    """Rows in the order that the request asks for, newest first by default.

    Of the view it reads ``rows`` (a RowSerializer: which columns, and which of them can be large) and ``ordering_fields``, of
    which the first is the default. A page of large rows has fewer than ``limit``, but at least one.
    """

    parameters = frozenset({"limit", "cursor", "order", "count"})

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """At most ``limit`` dicts by column path, as `RowSerializer.render` takes them. One query. Raises BadRequest."""
        params = request.query_params
        limit = whole_number("limit", params.get("limit", str(DEFAULT_LIMIT)), 1, MAX_LIMIT)
        order = self.get_ordering(request, view)
        column = order.removeprefix("-")
        binding, in_list = _binding(request, order), _list_of(request, getattr(view, "principal", None))
        self.counted = queryset if params.get("count") in {"true", "1"} else None
        if cursor := params.get("cursor"):
            queryset = queryset.filter(_beyond(order, *_read(cursor, binding, in_list)))
        columns: dict[str, str] = view.rows.columns()
        sign = "-" if order.startswith("-") else ""
        wanted = queryset.order_by(order, f"{sign}id").values(*{*columns.values(), column, "id"})
        found: list[dict[str, Any]] = list(wanted[: limit + 1])
        rows = _bounded(found[:limit], [columns[name] for name in view.rows.heavy])
        self.next_cursor = None
        if len(found) > len(rows):
            last = rows[-1]
            self.next_cursor = signing.dumps([last[column].isoformat(), str(last["id"]), binding, in_list], salt=_SALT)
        return rows

    def get_ordering(self, request: Request, view: Any) -> str:
        order: str = request.query_params.get("order") or f"-{view.ordering_fields[0]}"
        if order.removeprefix("-") not in view.ordering_fields:
            choices = ", ".join(f"{sign}{name}" for name in view.ordering_fields for sign in ("", "-"))
            raise BadRequest(f"order={order} is not supported here. Choose one of {choices}.", field="order")
        return order

    def get_paginated_response(self, data: Any) -> Response:
        answer = {"items": data, "next_cursor": self.next_cursor}
        if self.counted is not None:
            answer["total"] = self.counted.order_by()[:MAX_COUNT].count()
        return Response(answer)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        orders = [f"{sign}{name}" for name in view.ordering_fields for sign in ("-", "")]
        limits = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            _parameter("limit", limits, "Rows per page."),
            _parameter("cursor", {"type": "string"}, "The next_cursor of the previous page."),
            _parameter("order", {"type": "string", "enum": orders, "default": orders[0]}, "A minus means descending order."),
            _parameter("count", {"type": "boolean", "default": False}, "Also count all rows (total)."),
        ]


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "description": description}


def _binding(request: Request, order: str) -> str:
    """The filters and the order that a cursor is good for."""
    filters = sorted((k, v) for k, v in request.query_params.items() if k not in {"limit", "cursor", "count"})
    return _digest([*filters, ("order", order)])


def _list_of(request: Request, principal: Any) -> str:
    """The list that a cursor is good for: of one path and one workspace."""
    return _digest([("path", request.path.rstrip("/")), ("workspace", getattr(principal, "workspace_id", None))])


def _digest(pairs: list[tuple[str, Any]]) -> str:
    return hashlib.sha256(urlencode(pairs).encode()).hexdigest()[:16]


def _read(cursor: str, binding: str, in_list: str) -> tuple[datetime, str]:
    """The last row that was seen: what it was ordered by, and its id. Cursors of earlier versions name no list, and go on."""
    try:
        value, last_id, made_for, *lists = signing.loads(cursor, salt=_SALT)
        at = datetime.fromisoformat(value)
    except (signing.BadSignature, ValueError, TypeError):
        raise BadRequest("This cursor was not created by this server. Start again without a cursor.", field="cursor") from None
    if made_for != binding or lists not in ([], [in_list]):
        raise BadRequest(
            "This cursor belongs to another list, other filters or another order. Start again without a cursor.", field="cursor"
        )
    return at, last_id


def _beyond(order: str, value: datetime, last_id: str) -> Q:
    column, step = order.removeprefix("-"), "lt" if order.startswith("-") else "gt"
    return Q(**{f"{column}__{step}": value}) | Q(**{column: value, f"id__{step}": last_id})


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
