"""Events of measured values."""

from __future__ import annotations

from workspaces.event_registry import EventData, register


@register("metrics_updated")
class MetricsUpdated(EventData):
    counters: dict[str, float]
