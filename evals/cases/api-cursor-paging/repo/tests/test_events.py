import pytest
from fastapi.testclient import TestClient

from app.log import log
from app.main import app

client = TestClient(app)


@pytest.fixture(autouse=True)
def five_events():
    log.clear()
    for number in range(5):
        log.add(100 + number, f"event {number}")


def test_the_newest_comes_first():
    assert [event["text"] for event in client.get("/events?limit=2").json()["events"]] == ["event 4", "event 3"]


@pytest.mark.parametrize("limit", [0, 101])
def test_the_limit_is_bounded(limit):
    assert client.get(f"/events?limit={limit}").status_code == 422
