"""The crash drill: whole servers under faults drawn by a seed, and what must hold after each (`make drill`)."""
