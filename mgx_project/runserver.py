"""`manage.py runserver` by daphne."""

from __future__ import annotations

from django.apps import AppConfig


class DaphneApp(AppConfig):
    """Brings daphne's command. Its own configuration also imports Twisted: 30 MB in every process, and nobody else uses it."""

    name = "daphne"
