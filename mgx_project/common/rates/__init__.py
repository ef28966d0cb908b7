"""How often somebody may ask: of a principal, a workspace and an address (docs/CONFIGURATION.md, Rate limits)."""
