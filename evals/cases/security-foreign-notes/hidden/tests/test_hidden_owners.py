import pytest
from fastapi.testclient import TestClient

from app.main import app


def client(name):
    return TestClient(app, headers={"Authorization": f"Bearer token-{name}"})


ada, bob, root = client("ada"), client("bob"), client("root")


@pytest.fixture
def note():
    return ada.post("/notes", json={"text": "Ada's"}).json()["id"]


@pytest.mark.parametrize("who", [bob, root], ids=["bob", "root"])
def test_others_can_not_change_or_remove(note, who):
    missing = who.put("/notes/99999", json={"text": "x"})
    for answer in (who.put(f"/notes/{note}", json={"text": "x"}), who.delete(f"/notes/{note}")):
        assert (answer.status_code, answer.text) == (missing.status_code, missing.text) == (404, missing.text)
    assert ada.get(f"/notes/{note}").json()["text"] == "Ada's"


def test_members_see_their_own_only(note):
    missing, foreign = bob.get("/notes/99999"), bob.get(f"/notes/{note}")
    assert (foreign.status_code, foreign.text) == (404, missing.text)
    own = bob.post("/notes", json={"text": "Bob's"}).json()["id"]
    assert note not in [one["id"] for one in bob.get("/notes").json()]
    assert own in [one["id"] for one in bob.get("/notes").json()]
    assert bob.get(f"/notes/{own}").status_code == 200
    assert bob.delete(f"/notes/{own}").status_code == 204


def test_admins_read_all(note):
    assert root.get(f"/notes/{note}").json()["text"] == "Ada's"
    assert note in [one["id"] for one in root.get("/notes").json()]


def test_an_admins_own_notes_are_theirs_to_change():
    own = root.post("/notes", json={"text": "Root's"}).json()["id"]
    assert root.put(f"/notes/{own}", json={"text": "New"}).json()["text"] == "New"
    assert root.delete(f"/notes/{own}").status_code == 204


def test_nobody_without_a_token(note):
    assert TestClient(app).get(f"/notes/{note}").status_code == 401
