"""The stages of a run: plan, execute, apply, verify, decide."""
