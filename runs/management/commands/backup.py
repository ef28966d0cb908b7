"""`manage.py backup DIRECTORY`: see `runs.backups`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from mgx_project.common.own_session import require_own_session
from mgx_project.common.store import StoreAway

from ...backups import BackupFailed, backup


class Command(BaseCommand):
    help = "Back up the database and the artifacts into a new directory, while the server works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, help="new or empty directory")

    def handle(self, *args: Any, directory: Path, **options: Any) -> None:
        require_own_session(connection)  # of PostgreSQL's programs
        try:
            report = backup(directory, tell=lambda text: self.stderr.write(f"· {text}"))
        except (BackupFailed, StoreAway) as error:
            raise CommandError(f"{error.detail} {error.hint}".strip()) from None
        self.stdout.write(json.dumps({"directory": str(directory), **asdict(report)}))
