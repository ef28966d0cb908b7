"""The admin pages of tenants, people, budgets and the log."""

from . import limits, members, model_connections, workspaces  # noqa: F401  (registers them)
