"""Paths of the pages about runs."""

from __future__ import annotations

from django.urls import path

from .inbox import root
from .new_task import new_task
from .run_list import run_list
from .run_page import run_page, run_state

urlpatterns = [
    path("", root, name="root"),
    path("runs", run_list, name="run-list"),
    path("runs/<uuid:run_id>", run_page, name="run-page"),
    path("runs/<uuid:run_id>/state", run_state, name="run-state"),
    path("tasks/new", new_task, name="new-task"),
]
