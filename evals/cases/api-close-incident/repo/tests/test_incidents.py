from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def test_an_incident_is_opened_and_read():
    opened = client.post("/incidents", json={"title": "Disk full", "severity": "high"})
    assert opened.status_code == 201
    assert client.get(f"/incidents/{opened.json()['id']}").json()["status"] == "open"


def test_the_newest_comes_first():
    client.post("/incidents", json={"title": "One"})
    client.post("/incidents", json={"title": "Two"})
    assert client.get("/incidents").json()[0]["title"] == "Two"


def test_an_unknown_incident_is_not_found():
    assert client.get("/incidents/9999").status_code == 404
