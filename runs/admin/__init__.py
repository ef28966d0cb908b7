"""The admin pages of runs."""

from . import records, run, scheduled_jobs  # noqa: F401  (each registers its pages)
