"""Identity, tenancy and the tenant's event log."""
