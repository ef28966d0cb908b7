"""The admin pages of workspaces: tenants, people, model connections, budgets and the log."""

from . import (  # noqa: F401  (each registers its pages)
    audit,
    budgets,
    events,
    invitations,
    ledger,
    members,
    model_connections,
    relay,
    sign_ins,
    storage,
    tokens,
    users,
    workspaces,
)
