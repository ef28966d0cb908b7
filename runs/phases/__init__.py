"""The phases of a run: plan, execute, deliver. Each is a journaled story that can be told again from its start."""
