"""Runs: durable execution of a task."""
