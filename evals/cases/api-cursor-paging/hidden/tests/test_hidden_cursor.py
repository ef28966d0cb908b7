import base64
import random

import pytest
from fastapi.testclient import TestClient

from app.log import log
from app.main import app

client = TestClient(app)


@pytest.fixture(autouse=True)
def empty():
    log.clear()


def page(cursor=None, limit=20):
    query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
    answer = client.get("/events", params=query)
    assert answer.status_code == 200, answer.text
    return [event["id"] for event in answer.json()["events"]], answer.json()["next"]


def walk(limit, between=lambda: None):
    seen, cursor = [], None
    while True:
        ids, cursor = page(cursor, limit)
        seen += ids
        if cursor is None:
            return seen
        between()


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 11])
def test_every_event_once_in_order(limit):
    for number in range(10):
        log.add(number // 3, "x")
    assert walk(limit) == [event.id for event in log.newest_first()]


def test_no_page_more_than_needed():
    for number in range(4):
        log.add(number, "x")
    assert page(limit=4)[1] is None
    assert page(page(limit=2)[1], limit=2)[1] is None
    log.clear()
    assert page() == ([], None)


def test_arrivals_and_removals_change_nothing_for_the_others():
    chance = random.Random(3)
    for _ in range(60):
        log.add(chance.randrange(10), "x")
    old = [event.id for event in log.newest_first()]
    gone = set()

    def between():
        log.add(99, "new")
        victim = chance.choice(old)
        gone.add(victim)
        log.remove(victim)

    seen = walk(7, between)
    assert len(seen) == len(set(seen))
    assert set(old) - gone <= set(seen) <= set(old)


def test_the_event_at_the_cursor_may_be_removed():
    for number in range(4):
        log.add(5, "x")
    ids, cursor = page(limit=2)
    log.remove(ids[-1])
    assert page(cursor, limit=2) == ([2, 1], None) or page(cursor, limit=2)[0] == [event.id for event in log.newest_first()[1:]]


@pytest.mark.parametrize(
    "cursor",
    ["nonsense", "0", "-1", "\u00e9", "a" * 5000, base64.urlsafe_b64encode(b"x:y").decode(), base64.b64encode(b"\xff\xfe").decode(), "{}", "null"],
)
def test_a_strange_cursor_is_refused(cursor):
    log.add(1, "x")
    assert client.get("/events", params={"cursor": cursor}).status_code == 422


def test_offset_is_gone():
    for number in range(3):
        log.add(number, "x")
    parameters = {one["name"] for one in client.get("/openapi.json").json()["paths"]["/events"]["get"]["parameters"]}
    assert parameters == {"limit", "cursor"}
    assert client.get("/events?limit=101").status_code == 422
