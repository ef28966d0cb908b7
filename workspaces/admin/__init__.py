"""The admin pages of workspaces: tenants, people, model connections, budgets and the log."""

from . import audit, budgets, events, invitations, members, model_connections, sign_ins, storage, tokens, users, workspaces  # noqa: F401  (each registers its pages)
