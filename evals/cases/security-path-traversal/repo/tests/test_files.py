import pytest
from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


@pytest.fixture(autouse=True)
def attachments(tmp_path, monkeypatch):
    root = tmp_path / "attachments"
    (root / "7").mkdir(parents=True)
    (root / "7" / "log.txt").write_text("a log")
    monkeypatch.setenv("ATTACHMENTS", str(root))
    return root


def test_a_file_is_served():
    assert client.get("/files/7/log.txt").text == "a log"


def test_a_missing_one_is_not_found():
    assert client.get("/files/7/missing.txt").status_code == 404
