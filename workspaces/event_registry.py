"""The registry of event types. Each application registers its own, with a strict schema for the data, in its `events.py`.

`WorkspacesConfig.ready` imports these modules. The registry is the single source for validation, JSON Schema and the docs
(CONTRACT's event table is the same in prose).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict


class EventData(BaseModel):
    """The base of every schema: unknown fields are refused. A field that may be absent has a default."""

    model_config = ConfigDict(extra="forbid")


Schema = TypeVar("Schema", bound=EventData)
_schemas: dict[str, type[EventData]] = {}
SCHEMAS: Mapping[str, type[EventData]] = MappingProxyType(_schemas)
"""Maps each event type to the schema of its data, in the order of registration."""


def register(*event_types: str) -> Callable[[type[Schema]], type[Schema]]:
    """Decorates the schema of one or more event types. Raises ImproperlyConfigured for a type that has one already."""

    def decorate(schema: type[Schema]) -> type[Schema]:
        for event_type in event_types:
            if event_type in _schemas:
                raise ImproperlyConfigured(
                    f"The event type {event_type!r} is registered twice: by {_name(_schemas[event_type])} and by "
                    f"{_name(schema)}. Give one of them another name."
                )
            _schemas[event_type] = schema
        return schema

    return decorate


def owner_of(event_type: str) -> str:
    """The application that registered the type, as "runs"."""
    return SCHEMAS[event_type].__module__.partition(".")[0]


def validated(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """The validated data, with defaults filled in.

    Raises pydantic.ValidationError, or LookupError for a type that is not registered, each a bug on our side.
    """
    if event_type not in SCHEMAS:
        raise LookupError(f"The event type {event_type!r} is not registered: give it a schema in its application's events.py.")
    return SCHEMAS[event_type].model_validate(data).model_dump(mode="json")


def _name(schema: type[EventData]) -> str:
    return f"{schema.__module__}.{schema.__qualname__}"
