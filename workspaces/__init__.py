"""Users, workspaces (tenants), budgets and the tenant's event log."""
