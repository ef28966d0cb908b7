"""JSON that could be stored and never read again is refused from clients and mended from programs and models."""

from __future__ import annotations

import orjson
import pytest

from mgx_project.common.json_values import MAX_DEPTH, storable, unstorable
from runs.worker.journal import canonical
from tests.conftest import CallerInTests

HOSTILE = {
    "deep": '{"a":' * 300 + "1" + "}" * 300,
    "a long integer": '{"a": 123456789012345678901234567890}',
    "a great float": '{"a": [1E+308]}',
    "NUL in a key": '{"a\\u0000": 1}',
    "NUL in a value": '{"a": ["\\u0000"]}',
}


@pytest.mark.django_db
@pytest.mark.parametrize("config", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["plain", "idempotent"])
def test_a_body_that_would_break_the_list_is_refused(owner: CallerInTests, config: str, headers: dict[str, str]) -> None:
    body = f'{{"description": "x", "config": {config}}}'
    made = owner.api.post("/api/tasks", body, content_type="application/json", headers=headers)
    assert made.status_code == 400, made.content
    assert owner.api.get("/api/tasks").json()["items"] == []


@pytest.mark.django_db
def test_what_is_at_the_bounds_comes_back_as_it_was(owner: CallerInTests) -> None:
    config = {"n": [2**63 - 1, -(2**63) + 1, 1.5, 0.1], "text": "a \\u0000 in words", "true": True}
    made = owner.api.post("/api/tasks", {"description": "x", "config": config})
    assert made.status_code == 201, made.content
    assert owner.api.get(f"/api/tasks/{made.json()['id']}").json()["config"] == config


def test_the_depth_is_bounded() -> None:
    assert unstorable(orjson.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)) == ""
    assert "nested" in unstorable(orjson.loads("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)))


def test_what_a_model_or_a_program_says_is_made_storable() -> None:
    said = {"text": "a\0b\ud800c", "comments": [{"line": 10**30, "ok": True}]}
    assert storable(said) == {"text": "a\ufffdb\ufffdc", "comments": [{"line": 2**63 - 1, "ok": True}]}
    assert canonical(said) == storable(said)
    plain = {"text": "é😀", "n": 1}
    assert storable(plain) is plain


@pytest.mark.django_db
@pytest.mark.parametrize("limit", ["0000000001999", "0000000001" + "9" * 30, "0000000001" + "9" * 5000, "201", "0", "-1", "١"])
def test_leading_zeros_do_not_lift_a_limit(owner: CallerInTests, limit: str) -> None:
    assert owner.api.get("/api/tasks", {"limit": limit}).status_code == 400
