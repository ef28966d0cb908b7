"""Events of runs: their types, by what a run is doing, and the log that numbers them (`event_log`).

Each module registers its types; the docs list them in the order of the import.
"""

from . import lifecycle, planning, team, changes, commands, delivery  # noqa: F401, I001
