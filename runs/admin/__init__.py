"""The admin pages of runs."""

from . import records, run  # noqa: F401  (each registers its pages)
