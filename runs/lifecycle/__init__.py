"""Transitions between the states of a run: by its worker, or by decisions and messages of people."""
