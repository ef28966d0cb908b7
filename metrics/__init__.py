"""Metrics: numbers measured on finished runs, their summaries, and the Prometheus endpoint."""
