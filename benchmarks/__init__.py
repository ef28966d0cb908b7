"""Measures the promises of speed against a server of its own. `python -m benchmarks --help`."""
