"""Reports about a run: its timing, and its events as text lines."""
