"""The admin pages of runs."""

from . import run  # noqa: F401  (registers them)
