"""Reads a model's answers: JSON, edits, tool calls in text."""
