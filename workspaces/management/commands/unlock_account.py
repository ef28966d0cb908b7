"""For an operator who is locked out, and can't reach the admin."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workspaces.sign_in_guard import unlock


class Command(BaseCommand):
    help = "Forget the failed attempts to sign in to an account, so that its owner may try again at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        found = unlock(username)
        self.stdout.write(f"{username} may sign in again." if found else f"Nothing was counted against {username}.")
