"""Automatic checks of a change: commands, formatters, tests and their coverage."""
