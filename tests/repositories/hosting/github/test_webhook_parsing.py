"""From a delivery to what somebody wants, whatever stands in it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mgx_project.common.errors import BadRequest
from mgx_project.common.json_values import MAX_NUMBER, storable, unstorable
from repositories.hosting.github.payload_filter import COMMON, EVENTS, kept
from repositories.hosting.github.webhook_parsing import happened_at, parse_payload
from repositories.hosting.payloads import json_object
from repositories.hosting.webhook_events import CommentCommand

SHA = "a" * 40
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["/mgx approve", "/mgx\0run", "mgx", "opened", "labeled", "created", "closed", "refs/heads/x", SHA, "failure", "2026-11-23"]
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXTS
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)


def shaped(shape: Any) -> st.SearchStrategy[Any]:
    """Something like ``shape``, of which any part may be anything else."""
    if isinstance(shape, list):
        return st.lists(shaped(shape[0]), max_size=3) | ANYTHING
    if shape is None:
        return st.integers(1, 9) | LEAVES
    return st.fixed_dictionaries({}, optional={name: shaped(below) for name, below in shape.items()}) | ANYTHING


DELIVERIES = st.sampled_from(sorted(EVENTS)).flatmap(
    lambda event: st.tuples(
        st.just(event),
        st.fixed_dictionaries({}, optional={name: shaped(below) for name, below in {**COMMON, **EVENTS[event]}.items()}),
    )
)

IN_TIME = settings(suppress_health_check=[HealthCheck.too_slow])
"""A payload takes longer to make up than to read, on a busy machine by so much that hypothesis complains of itself."""


@given(DELIVERIES)
@IN_TIME
def test_no_payload_breaks_the_reading(delivery: tuple[str, dict[str, Any]]) -> None:
    event, payload = delivery
    stored = storable(kept(event, payload))
    assert not unstorable(stored)
    for wish in parse_payload(event, stored):
        assert len(wish.key) <= 200
        assert "\0" not in f"{wish}"
        number = wish.issue.number if isinstance(wish, CommentCommand) else getattr(wish, "number", 1)
        assert 0 < number < 2**31
    happened_at(event, stored)


@given(DELIVERIES)
@IN_TIME
def test_nor_does_one_that_was_not_read_first(delivery: tuple[str, dict[str, Any]]) -> None:
    parse_payload(*delivery)
    happened_at(*delivery)


@given(st.binary(max_size=200) | ANYTHING.map(lambda value: orjson.dumps(value, default=str) if not unstorable(value) else b""))
def test_a_body_is_an_object_or_refused(body: bytes) -> None:
    with suppress(BadRequest):
        assert isinstance(json_object(body), dict)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"a": "\\ud800"}', b'{"a": NaN}', b"\xef\xbb\xbf{}", b"{}{}"]
)
def test_what_is_deep_or_broken_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        json_object(body)


@pytest.mark.parametrize("number", [0, -1, 2**31, MAX_NUMBER, True, "7", 7.0, None, [7]])
def test_what_is_no_number_of_an_issue_means_nothing(number: object) -> None:
    comment = {"id": 1, "body": "/mgx run"}
    assert not parse_payload("issue_comment", {"action": "created", "issue": {"number": number}, "comment": comment})
    assert not parse_payload("pull_request", {"action": "closed", "pull_request": {"number": number}})


@pytest.mark.parametrize("action", ["edited", "deleted", "", None, ["created"]])
def test_only_what_is_said_anew_commands(action: object) -> None:
    payload = {"action": action, "issue": {"number": 1}, "comment": {"id": 1, "body": "/mgx approve"}}
    assert not parse_payload("issue_comment", payload)
    remark = {"action": action, "pull_request": {"number": 1}, "comment": {"id": 1, "body": "Say why."}}
    assert not parse_payload("pull_request_review_comment", remark)


def test_each_labelling_is_a_cause_of_its_own() -> None:
    """The same in each delivery of it, and another one when the label is set again."""
    issue = {"number": 7, "updated_at": "2026-11-23T10:00:00Z"}
    payload = {"action": "labeled", "issue": issue, "label": {"name": "mgx"}}
    again = {**payload, "issue": {**issue, "updated_at": "2026-11-23T10:05:00Z"}}
    keys = [parse_payload("issues", each)[0].key for each in (payload, payload, again)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("state", "body", "verdict"),
    [
        ("changes_requested", "", "changes"), ("approved", "LGTM, but rename it.", "approved"), ("commented", "Why?", "none"),
        ("approved", "", None), ("commented", " ", None), ("dismissed", "Say why.", None), (None, "Say why.", None),
    ],
)  # fmt: skip
def test_what_a_review_asks_as_a_whole(state: object, body: str, verdict: str | None) -> None:
    review = {"id": 9, "state": state, "body": body}
    found = parse_payload("pull_request_review", {"action": "submitted", "pull_request": {"number": 5}, "review": review})
    assert [getattr(event, "verdict", "") for event in found] == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("issue_comment", {"comment": {"created_at": "2026-11-23T10:00:00Z"}}),
        ("issues", {"issue": {"updated_at": "2026-11-23T10:00:00"}}),
        ("pull_request_review", {"review": {"submitted_at": "2026-11-23T11:00:00+01:00"}}),
        ("check_suite", {"check_suite": {"updated_at": "2026-11-23T10:00:00Z"}}),
    ],
)
def test_when_it_was(event: str, payload: dict[str, Any]) -> None:
    assert happened_at(event, payload) == datetime(2026, 11, 23, 10, tzinfo=UTC)


PERSON = {"login": "octocat", "type": "User"}


@pytest.mark.parametrize(
    ("sender", "comment", "is_program"),
    [
        (PERSON, {}, False),
        ({"login": "octocat"}, {}, False),
        ({"login": "review-bot", "type": "User"}, {}, False),
        ({"login": "org", "type": "Organization"}, {}, False),
        (PERSON, {"performed_via_github_app": None}, False),
        (PERSON, {"performed_via_github_app": {"id": 7, "slug": "reviews"}}, True),
        ({"login": "review-bot", "type": "Bot"}, {}, True),
        ({"login": "dependabot[bot]"}, {}, True),
        ({"login": "x", "type": ["Bot"]}, {"performed_via_github_app": "x"}, False),
    ],
)
def test_what_a_program_says_is_known_as_such(sender: dict[str, Any], comment: dict[str, Any], is_program: bool) -> None:
    payload = {
        "action": "created",
        "sender": sender,
        "issue": {"number": 7},
        "comment": {"id": 1, "body": "/mgx run", **comment},
    }
    stored = kept("issue_comment", payload)
    assert stored is not None
    (event,) = parse_payload("issue_comment", stored)
    assert event.by_program is is_program
