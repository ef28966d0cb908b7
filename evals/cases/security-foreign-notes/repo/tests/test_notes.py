from fastapi.testclient import TestClient

from app.main import app

ada = TestClient(app, headers={"Authorization": "Bearer token-ada"})


def test_a_note_lives():
    note = ada.post("/notes", json={"text": "Milk"}).json()
    assert ada.put(f"/notes/{note['id']}", json={"text": "Oat milk"}).json()["text"] == "Oat milk"
    assert ada.delete(f"/notes/{note['id']}").status_code == 204
    assert ada.get(f"/notes/{note['id']}").status_code == 404


def test_nobody_gets_in_without_a_token():
    assert TestClient(app).get("/notes").status_code == 401
