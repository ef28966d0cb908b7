"""`manage.py embedded_setup`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.conftest import Api
from workspaces.models import ApiToken, User
from workspaces.tokens import find_api_token

pytestmark = pytest.mark.django_db


def set_up(token_file: Path) -> dict[str, Any]:
    out = StringIO()
    call_command("embedded_setup", "--json", "--token-file", str(token_file), stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_it_makes_a_usable_owner_without_a_password(tmp_path: Path) -> None:
    told = set_up(tmp_path / "token")
    api = Api()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {told['token']}")
    me = api.get("/api/me").json()
    assert (me["username"], me["token"]["role"], me["workspaces"][0]["id"]) == ("local", "owner", told["workspace_id"])
    assert told["workspace"] == "local"
    assert not User.objects.get(username="local").has_usable_password()
    assert api.get("/api/projects").json()["items"][0]["slug"] == "default"


def test_a_valid_token_is_kept_and_another_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "token"
    first = set_up(file)
    file.write_text(first["token"] + "\n")
    assert set_up(file) == first
    ApiToken.across_tenants.update(role="viewer")
    second = set_up(file)
    assert second["token"] != first["token"]
    assert second["workspace_id"] == first["workspace_id"]
    assert find_api_token(second["token"])
    assert User.objects.count() == 1
