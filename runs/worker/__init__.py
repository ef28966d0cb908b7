"""Executes one claimed run: keeps its lease, journals its steps and writes its events."""
