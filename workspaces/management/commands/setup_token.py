"""Prints the setup token of a new server, by which `mgx setup` makes its first administrator."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workspaces.first_administrator import is_set_up, setup_token


class Command(BaseCommand):
    help = "Print the setup token for mgx setup. It is good until the server has its first user."

    def handle(self, *args: Any, **options: Any) -> None:
        if is_set_up():
            raise CommandError("This server has users already: the setup token is used up. Sign in with: mgx login --user NAME")
        self.stdout.write(setup_token())
