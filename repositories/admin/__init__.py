"""The admin pages of repository links and webhook deliveries."""

from . import deliveries, link  # noqa: F401  (registers them)
