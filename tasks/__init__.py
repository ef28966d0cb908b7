"""Tasks: what a user wants done."""
