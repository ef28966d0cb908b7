"""The phases of a run: plan, execute, deliver. Each is journaled and can be replayed from its start."""
