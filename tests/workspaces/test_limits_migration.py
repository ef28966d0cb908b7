"""What `limits` held while it was free JSON: limits stay, the rest is kept aside, and the server's model goes on."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from tests.factories import WorkspaceFactory

pytestmark = pytest.mark.django_db


def test_nothing_of_the_old_limits_is_lost() -> None:
    old = WorkspaceFactory(limits={"projects": 3, "members": -1, "seats": "many"}, metadata={"team": "a"})
    odd, plain = WorkspaceFactory(limits=["x"]), WorkspaceFactory()
    import_module("workspaces.migrations.0007_limits").sort_out(apps, None)
    for row in (old, odd, plain):
        row.refresh_from_db()
    assert (old.limits, old.metadata) == ({"projects": 3}, {"team": "a", "former_limits": {"members": -1, "seats": "many"}})
    assert (odd.limits, odd.metadata) == ({}, {"former_limits": {"limits": ["x"]}})
    assert (plain.limits, plain.metadata, plain.server_model) == ({}, {}, True)
