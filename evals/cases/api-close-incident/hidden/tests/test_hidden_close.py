import pytest
from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


@pytest.fixture
def incident():
    return client.post("/incidents", json={"title": "Disk full", "severity": "high"}).json()["id"]


def close(incident, resolution):
    return client.post(f"/incidents/{incident}/close", json={"resolution": resolution})


def test_it_is_closed_with_the_trimmed_resolution(incident):
    answer = close(incident, "  Bigger disk. ")
    assert answer.status_code == 200
    assert answer.json()["status"] == "closed"
    assert answer.json()["resolution"] == "Bigger disk."
    assert client.get(f"/incidents/{incident}").json() == answer.json()


def test_a_second_time_is_a_conflict_and_changes_nothing(incident):
    close(incident, "First")
    assert close(incident, "Second").status_code == 409
    assert client.get(f"/incidents/{incident}").json()["resolution"] == "First"


def test_an_unknown_one_is_not_found():
    assert close(9999, "Anything").status_code == 404


@pytest.mark.parametrize("resolution", ["", "   ", "x" * 501, None, 7])
def test_a_bad_resolution_is_refused_and_changes_nothing(incident, resolution):
    assert close(incident, resolution).status_code == 422
    assert client.get(f"/incidents/{incident}").json()["status"] == "open"


def test_500_characters_are_allowed_after_trimming(incident):
    assert close(incident, " " + "x" * 500 + " ").status_code == 200
