"""`manage.py after_restore`: for a database that PostgreSQL's own tools have recovered; `restore` does it by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ...backups import disown


class Command(BaseCommand):
    help = "After a point-in-time recovery of the database: take all runs from workers of before, so that they write nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{disown()} runs were held; they go on when their leases have ended.")
