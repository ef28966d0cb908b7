"""The compose file, the image and the scripts that they start."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ONE_SHOT = {"secrets", "bucket", "migrate"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    return found


def test_everything_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"secrets", "postgres", "redis", "minio", "bucket", "migrate", "web", "worker", "relay", "kafka"}
    for name, service in services.items():
        for other, condition in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert condition == {"condition": expected}, f"{name} → {other}"
            assert other in ONE_SHOT or "healthcheck" in services[other]
    for name in ("web", "worker"):
        assert set(services[name]["depends_on"]) == {"postgres", "redis", "bucket", "migrate"}
    assert {name for name, service in services.items() if "profiles" in service} == {"relay", "kafka"}


def test_only_web_is_published_and_only_to_this_machine(services: dict[str, dict[str, Any]]) -> None:
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "web": ["127.0.0.1:${MGX_PORT:-8000}:8000"]
    }


def test_our_services_have_no_privileges(services: dict[str, dict[str, Any]]) -> None:
    for name in (*ONE_SHOT, "web", "worker", "relay"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in services[name]["security_opt"]
        assert "privileged" not in services[name]


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        tag = service["image"].partition(":")[2]
        assert tag
        assert tag != "latest"


def test_the_image_has_the_uv_that_made_the_lock() -> None:
    locked = (ROOT / "uv.lock").read_text("utf-8").split('name = "uv"\nversion = "')[1].split('"')[0]
    assert f"ARG UV_VERSION={locked}\n" in (ROOT / "Dockerfile").read_text("utf-8")


def test_the_image_gets_every_room_and_no_secret() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[0] == "*"
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks", "evals"}
    assert {f"!{room}" for room in rooms} <= set(ignored)
    assert not any(".env" in line for line in ignored)


def test_the_dockerfile_passes_its_linter() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint is not None
    done = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_compose_accepts_the_file(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    (tmp_path / "Dockerfile").touch()
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            done = subprocess.run([*command, "config", "--quiet"], cwd=tmp_path, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return
    pytest.skip("docker compose is not installed; the other tests here read the file themselves")


def make_secrets(directory: Path, **env: str) -> str:
    command = [sys.executable, str(ROOT / "deploy/make_secrets.py"), str(directory)]
    return subprocess.run(command, env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, check=True).stdout


def test_secrets_are_generated_once_and_given_ones_win(tmp_path: Path) -> None:
    said = make_secrets(tmp_path, DB_PASSWORD="mine")
    first = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert first["DB_PASSWORD"] == "mine"
    assert "REDIS_PASSWORD: generated" in said
    assert not any(value in said for name, value in first.items() if name != "redis.conf")
    assert "MGX_SECRET_KEY: kept" in make_secrets(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == first


def test_only_the_application_reads_its_keys(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {name for name, mode in modes.items() if mode == 0o400} == {"MGX_SECRET_KEY", "MGX_ENCRYPTION_KEYS"}
    assert {mode for mode in modes.values() if mode != 0o400} == {0o444}


def test_the_entrypoint_exports_the_secrets_and_leaves_what_is_set(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "lower.case").write_text("no variable")
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    command = [str(ROOT / "deploy/entrypoint.sh"), sys.executable, "-c", show]
    env = {"PATH": os.environ["PATH"], "MGX_SECRETS_DIR": str(tmp_path), "DB_PASSWORD": "mine", "MGX_SECRET_KEY": ""}
    seen = json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    assert seen["DB_PASSWORD"] == "mine"
    for name in ("MGX_SECRET_KEY", "MGX_ENCRYPTION_KEYS", "REDIS_PASSWORD", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"):
        assert seen[name] == (tmp_path / name).read_text()
