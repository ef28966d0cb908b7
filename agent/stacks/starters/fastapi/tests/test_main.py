from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def test_health_is_ok() -> None:
    response = client.get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_root_names_the_service_and_its_docs() -> None:
    response = client.get("/")

    assert response.status_code == 200
    assert response.json() == {"name": "Service", "version": "0.1.0", "docs": "/docs"}


def test_an_unknown_path_is_not_found() -> None:
    assert client.get("/nowhere").status_code == 404
