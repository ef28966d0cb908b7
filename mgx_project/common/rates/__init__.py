"""Rate limits for principals, workspaces and addresses (docs/CONFIGURATION.md, Rate limits)."""
