"""Tasks: what is wanted."""
