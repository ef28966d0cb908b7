import pytest
from fastapi.testclient import TestClient

from app.files import find
from app.main import app

client = TestClient(app)


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    root = tmp_path / "attachments"
    (root / "7").mkdir(parents=True)
    (root / "7" / "log.txt").write_text("a log")
    (root / "7" / "..odd name..txt").write_text("odd")
    (tmp_path / "secret.txt").write_text("SECRET")
    (tmp_path / "attachments-old").mkdir()
    (tmp_path / "attachments-old" / "old.txt").write_text("SECRET")
    (root / "out").symlink_to(tmp_path)
    (root / "leak.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setenv("ATTACHMENTS", str(root))
    return root


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/secret.txt", "7/%2e%2e/%2e%2e/secret.txt", "..%2fsecret.txt", "/etc/passwd", "%2fetc%2fpasswd", "out/secret.txt",
        "leak.txt", "%2e%2e/attachments-old/old.txt", "....//secret.txt", "%2e%2e%2f%2e%2e%2fsecret.txt",
    ],
)
def test_nothing_outside_is_served(path):
    answer = client.get(f"/files/{path}")
    assert answer.status_code == 404
    assert "SECRET" not in answer.text


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "7/../../secret.txt", "..", ".", "", "7", "7/log.txt/", "a\0b"])
def test_find_gives_only_files_inside(root, name):
    found = find(root, name)
    assert found is None or found.resolve().is_relative_to(root.resolve())


def test_what_is_inside_still_works(root):
    assert client.get("/files/7/log.txt").text == "a log"
    assert client.get("/files/7/..odd name..txt").text == "odd"


def test_a_root_that_is_a_link_works(tmp_path, root, monkeypatch):
    (tmp_path / "linked").symlink_to(root)
    monkeypatch.setenv("ATTACHMENTS", str(tmp_path / "linked"))
    assert client.get("/files/7/log.txt").text == "a log"
