"""The admin pages of runs."""

from . import files_to_remove, records, run, scheduled_jobs  # noqa: F401  (each registers its pages)
