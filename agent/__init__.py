"""The pipeline that turns a task into reviewed code: no Django, no database, no HTTP API; usable alone (`python -m agent`)."""
