"""Reads what the configuration of task runners says: tox, nox, make, just, scripts of build tools, and CI. Nothing of
it is run."""
