"""`manage.py restore DIRECTORY`: see `runs.backups`."""

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

from ...backups import BackupFailed, restore


class Command(BaseCommand):
    help = "Restore a backup into this server's database and artifact store. Stop web, workers and relays first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, help="what `backup` has written")
        parser.add_argument("--replace", action="store_true", help="drop what the database has")

    def handle(self, *args: Any, directory: Path, replace: bool, **options: Any) -> None:
        require_own_session(connection)  # of PostgreSQL's programs
        try:
            report = restore(directory, replace=replace, tell=lambda text: self.stderr.write(f"· {text}"))
        except (BackupFailed, StoreAway) as error:
            raise CommandError(f"{error.detail} {error.hint}".strip()) from None
        self.stdout.write(json.dumps({"directory": str(directory), **asdict(report)}))
