"""Projects: the defaults of a tenant's tasks."""
