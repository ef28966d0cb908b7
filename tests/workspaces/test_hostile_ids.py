"""Hostile ids wherever one may stand, and JWTs whose signature is good and whose claims are nonsense: never 5xx."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import Resolver404, resolve
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from mgx_project.common.logs import scrubbed
from tests.conftest import Api, CallerInTests
from tests.contract.routes import Route, api_routes
from tests.factories import TaskRunFactory
from tests.support.drills import LONG
from workspaces.sign_ins import begin

pytestmark = pytest.mark.django_db
HOSTILE = [
    "0" * 36, "-" * 36, "00000000-0000-0000-0000-000000000000", "0" * 32, "null", "1", "9" * 400, "%00", "..%2f",
    "%F0%9F%98%80", "urn:uuid:00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "'", "%ED%A0%80",
    "*", "a" * 36,
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
]  # fmt: skip
ROUTES = [route for route in api_routes() if route.parameters]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.template)
def test_a_hostile_id_in_a_path_is_not_found(route: Route, owner: CallerInTests) -> None:
    owner.api.raise_request_exception = False
    run = str(TaskRunFactory(workspace=owner.workspace).pk)
    paths = {}  # in order: most routes have no id that could be the caller's own beside the hostile one
    for hostile in HOSTILE:
        for own in (True, False):
            values = dict.fromkeys(route.parameters, hostile)
            if own and "pk" in values and "runs/" in route.template:
                values["pk"] = run
            if own and "workspace_id" in values:
                values["workspace_id"] = str(owner.workspace.pk)
            paths[route.template.format(**values)] = None
    for path in paths:
        for method, _ in route.actions:
            answer = getattr(owner.api, method)(path)
            assert answer.status_code < 500, f"{method} {path}"


def test_the_artifact_of_the_issue(owner: CallerInTests) -> None:
    run = TaskRunFactory(workspace=owner.workspace)
    assert owner.api.get(f"/api/runs/{run.pk}/artifacts/{'0' * 36}").status_code == 404
    with pytest.raises(Resolver404):
        resolve(f"/api/runs/{run.pk}/artifacts/{'0' * 36}")


@pytest.mark.parametrize("claim", ["sub", "fam", "exp", "jti", "token_type", "iat"])
@pytest.mark.parametrize(
    "value", ["x", "0" * 36, "\0", None, [], {}, ["a"], 1, -1, 10**30, 1e300, True, "00000000-0000-0000-0000-000000000000"]
)
def test_a_signed_jwt_with_a_bad_claim_is_refused(claim: str, value: Any, owner: CallerInTests) -> None:
    pair = begin(owner.user)
    for kind, token in ((AccessToken, pair["access"]), (RefreshToken, pair["refresh"])):
        bad = kind(token)  # type: ignore[arg-type]
        bad.payload[claim] = value
        api = Api()
        api.raise_request_exception = False
        if kind is AccessToken:
            api.credentials(HTTP_AUTHORIZATION=f"Bearer {_signed(bad)}")
            status = api.get("/api/me").status_code
        else:
            status = api.post("/api/auth/refresh", {"refresh": _signed(bad)}).status_code
        assert status == 401 or (status == 200 and claim in {"exp", "jti", "iat"}), (kind, status)


def _signed(token: Any) -> str:
    import jwt
    from django.conf import settings

    return jwt.encode(token.payload, settings.SECRET_KEY, algorithm="HS256")


QUERIES = ("limit", "after", "cursor", "order", "workspace", "project_id", "task_id", "status", "from", "to", "follow")


VALUES = ["1" * 31, "%00", "-1", "1e9", "%ED%A0%80", "0" * 36, "9999999-01-01", "[]", ""]


@pytest.mark.parametrize("value", VALUES)
def test_a_hostile_parameter_is_answered(value: str, owner: CallerInTests) -> None:
    owner.api.raise_request_exception = False
    run = TaskRunFactory(workspace=owner.workspace).pk
    paths = ["tasks", "runs", "projects", "repositories", "audit", "metrics", f"runs/{run}/events", f"runs/{run}/logs"]
    paths += [f"workspaces/{owner.workspace.pk}/usage", f"workspaces/{owner.workspace.pk}/members", "tokens"]
    every = [(path, name) for path in paths for name in QUERIES]
    for path, name in every if LONG else every[VALUES.index(value) % 3 :: 3]:  # 11 names: each path and each name has its turn
        answer = owner.api.get(f"/api/{path}?{name}={value}")
        assert answer.status_code < 500, f"{path}?{name}={value}"


@pytest.mark.parametrize("header", ["X-Workspace-Id", "X-Workspace-Slug", "Idempotency-Key", "If-Match"])
@pytest.mark.parametrize("value", ["\0", "0" * 36, "9" * 5000, "\ud800", "{}"])
def test_a_hostile_header_is_answered(header: str, value: str, owner: CallerInTests) -> None:
    owner.api.raise_request_exception = False
    assert owner.api.post("/api/tasks", {"description": "x"}, headers={header: value}).status_code < 500
    assert owner.api.patch(f"/api/workspaces/{owner.workspace.pk}", {"name": "n"}, headers={header: value}).status_code < 500


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('"WebSocket /ws/stream?after=1&ticket=abc-DEF_1&types=x" [accepted]', "&types=x"),
        ("GET /ws/stream?ticket=abc-DEF_1", "/ws/stream"),
        ("Authorization: Bearer abc-DEF_1", "Authorization"),
        ("protocol mgx.bearer.abc-DEF_1 refused", "refused"),
    ],
)
def test_a_ticket_stands_in_no_line_of_the_log(line: str, shown: str) -> None:
    assert "abc-DEF_1" not in scrubbed(line)
    assert shown in scrubbed(line)
