"""Metrics: what happened, in numbers."""
