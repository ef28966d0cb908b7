"""Unlocks an account from the command line, for an operator who can't sign in to the admin."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workspaces.sign_in_guard import unlock


class Command(BaseCommand):
    help = "Clear the failed attempts to sign in to an account, so that its owner can try again at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        found = unlock(username)
        self.stdout.write(
            f"{username} may sign in again." if found else f"There are no failed attempts to sign in as {username}."
        )
