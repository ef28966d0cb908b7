"""No error tells of rows that the asker can't see: every filter and body of the URLconf, with values that match nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.forms import ModelChoiceField
from rest_framework.relations import RelatedField

from tests.conftest import CallerInTests
from tests.contract.routes import Route, api_routes
from workspaces.models import User, Workspace
from workspaces.viewsets import TenantViewSet

pytestmark = pytest.mark.django_db
ROUTES = [route for route in api_routes() if route.view and issubclass(route.view, TenantViewSet)]
LISTS = [route for route in ROUTES if ("get", "list") in route.actions and getattr(route.view, "filterset_class", None)]
VALUES = ("00000000-0000-0000-0000-000000000000", "nothing-like-this", "'", "999999999999", "-1", "true,false")


def names_and_ids() -> Iterator[str]:
    """What nobody but its owner may learn from an error."""
    for user in User.objects.all():
        yield from (str(user.pk), user.username, user.email)
    for workspace in Workspace.objects.all():
        yield from (str(workspace.pk), workspace.slug)


def shown(answer: Any, caller: CallerInTests, sent: str) -> list[str]:
    own = {str(caller.user.pk), caller.user.username, caller.user.email, str(caller.workspace.pk), caller.workspace.slug, sent}
    text = json.dumps(answer.json())
    return [word for word in names_and_ids() if word not in own and re.search(rf"\b{re.escape(word)}\b", text)]


def test_the_walk_sees_the_lists_that_filter() -> None:
    assert {"/api/audit", "/api/tasks", "/api/runs", "/api/repositories", "/api/metrics", "/api/projects"} <= {
        route.template for route in LISTS
    }


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.template)
def test_no_filter_names_rows_of_others(route: Route, owner: CallerInTests, stranger: CallerInTests) -> None:
    for name in route.view.filterset_class.base_filters:
        for value in (*VALUES, str(stranger.user.pk), str(stranger.workspace.pk)):
            answer = owner.api.get(route.template, {name: value})
            assert answer.status_code in (200, 400), answer.content
            assert shown(answer, owner, value) == [], f"{name}={value}: {answer.content!r}"
            if answer.status_code == 200:
                assert all(str(stranger.workspace.pk) not in json.dumps(item) for item in answer.json()["items"])


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.template)
def test_no_filter_reads_its_choices_from_rows(route: Route) -> None:
    """A choice that is a row is compared with all rows of the server, and its error tells whether one is there."""
    fields = route.view.filterset_class({}).form.fields
    assert [name for name, field in fields.items() if isinstance(field, ModelChoiceField)] == []


def test_no_serializer_of_a_request_reads_its_choices_from_rows() -> None:
    """The same for bodies: an id in one is looked up among the rows of the tenant, by a service."""
    serializers = {route.view.serializer_class for route in ROUTES if route.view.serializer_class}
    assert len(serializers) > 3
    found = [
        f"{serializer.__name__}.{name}"
        for serializer in serializers
        for name, field in serializer().fields.items()
        if isinstance(field, RelatedField) and not field.read_only
    ]
    assert found == []


def test_the_audit_log_is_filtered_by_any_account_without_telling_whether_there_is_one(
    owner: CallerInTests, stranger: CallerInTests
) -> None:
    mine = owner.api.get("/api/audit", {"user": str(owner.user.pk)})
    unknown = owner.api.get("/api/audit", {"user": str(UUID(int=0))})
    foreign = owner.api.get("/api/audit", {"user": str(stranger.user.pk)})
    assert mine.status_code == unknown.status_code == foreign.status_code == 200
    assert unknown.json() == foreign.json() == {"items": [], "next_cursor": None}
