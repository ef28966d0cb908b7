"""A change as data: its hunks, its diff, the files as they were before it."""
