"""`/ws/runs/{id}`: one run, counted by its own `seq`."""

from __future__ import annotations

from workspaces.consumers_base import ObjectStream

from .models import TaskRun


class RunStream(ObjectStream):
    model = TaskRun
    kind = "run"
    cursor = "seq"
    dense = True
