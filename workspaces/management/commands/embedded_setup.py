"""Sets up the embedded server: user `local`, workspace `local`, and an API token with the role owner."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from workspaces.models import Membership, Role, User, Workspace
from workspaces.services import create_workspace
from workspaces.tokens import create_api_token, find_api_token

NAME = "local"


class Command(BaseCommand):
    help = "Create the embedded server's user, workspace and API token. Existing ones are kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object (the only output format)")
        parser.add_argument(
            "--token-file", type=Path, required=True, help="file with the token, which is kept as long as it is valid"
        )

    @transaction.atomic
    def handle(self, *args: Any, token_file: Path, **options: Any) -> None:
        user = _local_user()
        workspace = Workspace.objects.filter(slug=NAME).first() or create_workspace(owner=user, name="Local", slug=NAME)
        Membership.objects.update_or_create(workspace=workspace, user=user, defaults={"role": Role.OWNER})
        told = {"token": _token(token_file, user, workspace), "workspace": workspace.slug, "workspace_id": str(workspace.pk)}
        self.stdout.write(json.dumps(told))


def _local_user() -> User:
    user, made = User.objects.get_or_create(username=NAME, defaults={"is_staff": True, "is_superuser": True})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def _token(token_file: Path, user: User, workspace: Workspace) -> str:
    kept = token_file.read_text(encoding="utf-8").strip() if token_file.exists() else ""
    token = find_api_token(kept) if kept else None
    if token and token.user_id == user.pk and token.workspace_id == workspace.pk and token.role == Role.OWNER:
        return kept
    _, secret = create_api_token(workspace_id=workspace.pk, user=user, name="embedded server", role=Role.OWNER)
    return secret
