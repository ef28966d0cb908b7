"""The compose file, the image and the scripts that they start."""

from __future__ import annotations

import base64
import json
import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml

from mgx_project import env
from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.services import Services
from tests.support import s3

ROOT = Path(__file__).resolve().parents[2]
STORES = ("postgres", "redis", "s3")
ONE_SHOT = ("secrets", "bucket", "migrate")
OURS = ("web", "web-b", "worker")
KAFKA = ("relay", "kafka")
OBSERVABILITY = ("prometheus", "grafana")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    return found


def test_servers_of_others_depend_on_nothing_of_ours(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {*STORES, *ONE_SHOT, *OURS, *KAFKA, *OBSERVABILITY, "proxy", "change-password"}
    assert not any("depends_on" in services[name] for name in (*STORES, *OBSERVABILITY, "proxy"))
    for name in OURS:
        assert services[name]["depends_on"] == {once: {"condition": "service_completed_successfully"} for once in ONE_SHOT}
    assert all("healthcheck" in services[name] for name in (*STORES, *OBSERVABILITY, "proxy", "worker"))


def test_only_proxy_and_dashboards_are_published_and_only_to_this_machine(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {
        "proxy": ["${MGX_BIND:-127.0.0.1}:${MGX_PORT:-8000}:80", "${MGX_BIND:-127.0.0.1}:${MGX_TLS_PORT:-8443}:443"],
        "grafana": ["127.0.0.1:${GRAFANA_PORT:-3000}:3000"],
    }


def test_each_server_of_others_has_its_own_secret_and_network(services: dict[str, dict[str, Any]]) -> None:
    for name in (*STORES, *OBSERVABILITY):
        assert [volume for volume in services[name]["volumes"] if "secrets" in volume] == [f"{name}-secrets:/secrets:ro"]
    for name in STORES:
        assert services[name]["networks"] == [name]
    assert services["prometheus"]["networks"] == ["metrics"]
    assert services["proxy"]["networks"] == ["edge"]


def test_the_proxy_asks_all_of_web_by_one_name(services: dict[str, dict[str, Any]]) -> None:
    """Between two upstreams it does not repeat a request with a body that the first one did not take."""
    assert services["web-b"]["networks"]["edge"] == {"aliases": ["web"]}
    assert set(services["web-b"]["networks"]) == set(services["web"]["networks"])
    caddyfile = (ROOT / "deploy/proxy/Caddyfile").read_text("utf-8")
    assert re.findall(r"^\treverse_proxy (.*) \{$", caddyfile, re.MULTILINE) == ["web:8000"]


def test_everything_is_bounded(services: dict[str, dict[str, Any]]) -> None:
    for name in (*STORES, *OURS, *KAFKA, *OBSERVABILITY, "proxy"):
        assert services[name]["mem_limit"]
        assert services[name]["pids_limit"]
    assert all(service["logging"]["options"]["max-size"] for service in services.values())


def test_the_worker_may_make_sandboxes_and_little_else(services: dict[str, dict[str, Any]]) -> None:
    assert "seccomp:./deploy/seccomp.json" in services["worker"]["security_opt"]
    profile = json.loads((ROOT / "deploy/seccomp.json").read_text("utf-8"))
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    allowed = {name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}
    assert {"clone", "clone3", "unshare", "mount", "umount2", "pivot_root", "sethostname", "setns", "chroot"} <= allowed
    assert not allowed & {
        "bpf",
        "keyctl",
        "add_key",
        "init_module",
        "kexec_load",
        "open_by_handle_at",
        "perf_event_open",
        "io_uring_setup",
    }


def test_our_services_have_no_privileges(services: dict[str, dict[str, Any]]) -> None:
    for name in (*ONE_SHOT, *OURS, "relay", "change-password"):
        assert services[name]["user"] == "10001:10001"
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in services[name]["security_opt"]
        assert "privileged" not in services[name]


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        tag = service["image"].rpartition(":")[2].rstrip("}").removeprefix("-")
        assert re.fullmatch(r"v?\d+\.\d+[\w.-]*", tag), service["image"]


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
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            done = subprocess.run([*command, "config", "--quiet"], cwd=tmp_path, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return
    pytest.skip("docker compose is not installed; the other tests here read the file themselves")


def make_secrets(directory: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "deploy/make_secrets.py"), *arguments]
    env = {"PATH": os.environ["PATH"], "MGX_SECRETS_ROOT": str(directory), "S3_ENDPOINT_URL": "http://s3:8333", **env}
    return subprocess.run(command, env=env, capture_output=True, text=True)


def written(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


STRONG = "a-long-Word-of-my-own-1"
KEY, OTHER_KEY = (base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2))


def test_secrets_are_generated_once_and_what_was_given_is_said(tmp_path: Path) -> None:
    done = make_secrets(tmp_path, DB_PASSWORD=STRONG)
    assert done.returncode == 0, done.stderr
    assert "DB_PASSWORD: given\n" in done.stdout
    assert "REDIS_PASSWORD: generated\n" in done.stdout
    first = written(tmp_path)
    assert first["app/DB_PASSWORD"] == first["postgres/DB_PASSWORD"] == STRONG
    assert not any(value in done.stdout for value in first.values())
    again = make_secrets(tmp_path)
    assert set(again.stdout.split("\n")[:-1]) == {
        f"{name.removeprefix('app/')}: kept" for name in first if name.startswith("app/")
    }
    assert written(tmp_path) == first


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"DB_PASSWORD": STRONG}, "docker compose run --rm change-password"),
        ({"MGX_SECRET_KEY": STRONG * 3}, "secrets forget MGX_SECRET_KEY"),
        ({"REDIS_PASSWORD": STRONG}, "secrets forget REDIS_PASSWORD"),
        ({"S3_SECRET_ACCESS_KEY": STRONG}, "secrets forget S3_SECRET_ACCESS_KEY"),
        ({"MGX_METRICS_TOKEN": STRONG}, "secrets forget MGX_METRICS_TOKEN"),
        ({"GRAFANA_PASSWORD": STRONG}, "reset-admin-password"),
        ({"DB_PASSWORD": "hunter2"}, "too weak"),
        ({"MGX_ENCRYPTION_KEYS": "not-a-key"}, "32 bytes"),
        ({"MGX_ENCRYPTION_KEYS": OTHER_KEY, "DB_PASSWORD": STRONG}, "change-password"),
    ],
)
def test_a_change_that_would_lose_something_is_refused_and_nothing_is_written(
    tmp_path: Path, env: dict[str, str], said: str
) -> None:
    assert make_secrets(tmp_path, MGX_ENCRYPTION_KEYS=KEY).returncode == 0
    first = written(tmp_path)
    done = make_secrets(tmp_path, **env)
    assert done.returncode == 1
    assert said in done.stderr
    assert not any(value in done.stderr for value in env.values())
    assert written(tmp_path) == first


def test_a_new_key_is_put_before_those_there_are(tmp_path: Path) -> None:
    make_secrets(tmp_path, MGX_ENCRYPTION_KEYS=KEY)
    done = make_secrets(tmp_path, MGX_ENCRYPTION_KEYS=OTHER_KEY)
    assert "MGX_ENCRYPTION_KEYS: 1 given, put before the 1 there are" in done.stdout
    assert (tmp_path / "app/MGX_ENCRYPTION_KEYS").read_text() == f"{OTHER_KEY},{KEY}"
    assert "MGX_ENCRYPTION_KEYS: kept" in make_secrets(tmp_path, MGX_ENCRYPTION_KEYS=f"{OTHER_KEY},{KEY}").stdout


def test_a_server_of_ones_own_is_tried_and_left_without_a_loss(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    first = written(tmp_path)
    own = {
        "S3_ENDPOINT_URL": "",
        "DATABASE_URL": "postgres://u:p@db.example.com/mgx",
        "S3_SECRET_ACCESS_KEY": "theirs",
        "S3_ACCESS_KEY_ID": "id",
    }
    done = make_secrets(tmp_path, **own)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "app/S3_SECRET_ACCESS_KEY").read_text() == "theirs"
    assert (tmp_path / "app/DB_PASSWORD").read_text() == ""
    assert make_secrets(tmp_path).returncode == 0
    assert written(tmp_path) == first


def test_only_what_can_be_made_again_is_forgotten(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    first = written(tmp_path)
    assert make_secrets(tmp_path, "forget", "MGX_ENCRYPTION_KEYS").returncode == 1
    assert written(tmp_path) == first
    assert "REDIS_PASSWORD: generated" in make_secrets(tmp_path, "forget", "REDIS_PASSWORD").stdout
    assert written(tmp_path)["redis/REDIS_PASSWORD"] != first["redis/REDIS_PASSWORD"]


def test_only_the_application_reads_its_keys(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    modes = {path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()}
    assert {mode for path, mode in modes.items() if path.parts[0] == "app"} == {0o400}
    assert {mode for path, mode in modes.items() if path.parts[0] != "app"} == {0o444}
    assert not any(path.name in ("MGX_SECRET_KEY", "MGX_ENCRYPTION_KEYS") for path in modes if path.parts[0] != "app")


def test_the_object_store_knows_one_account_for_one_bucket(tmp_path: Path) -> None:
    make_secrets(tmp_path, S3_BUCKET="shop")
    [identity] = json.loads((tmp_path / "s3/identities.json").read_text())["identities"]
    assert {action.partition(":")[2] for action in identity["actions"]} == {"shop"}


def test_the_entrypoint_exports_the_secrets_and_they_win(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "app/lower.case").write_text("no variable")
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    command = [str(ROOT / "deploy/entrypoint.sh"), sys.executable, "-c", show]
    env = {"PATH": os.environ["PATH"], "MGX_SECRETS_DIR": str(tmp_path / "app"), "DB_PASSWORD": "mine", "MGX_SECRET_KEY": ""}
    seen = json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    for path in (tmp_path / "app").iterdir():
        assert seen.get(path.name) == (path.read_text() if path.name.isupper() else None)


def test_the_database_learns_a_password_before_the_others_do(tmp_path: Path) -> None:
    """A change that was interrupted behind the database's part is finished by the next try."""
    secrets = tmp_path / "secrets"
    make_secrets(secrets, DB_PASSWORD=STRONG)
    known = replace(Credentials.generate(), database_password=STRONG)

    def change(**more: str) -> str:
        command = [sys.executable, str(ROOT / "deploy/change_password.py")]
        env = {
            "PATH": os.environ["PATH"],
            "MGX_SECRETS_ROOT": str(secrets),
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(port),
            **more,
        }
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for path in ("app/DB_PASSWORD", "postgres/DB_PASSWORD"):
            psycopg.connect(
                host="127.0.0.1", port=port, user="mgx", dbname="mgx", password=(secrets / path).read_text()
            ).close()
        return done.stdout

    with Services(tmp_path / "server", credentials=known, start_redis=False) as server:
        port = urlsplit(server.database_url).port
        assert change(DB_PASSWORD=f"{STRONG}-2").startswith("changed to the one in .env")
        assert (secrets / "app/DB_PASSWORD").read_text() == f"{STRONG}-2"
        assert change().startswith("changed to a generated one")
        learnt = (secrets / "app/DB_PASSWORD").read_text()
        # killed between the database and the files
        (secrets / "app/DB_PASSWORD").write_text(STRONG)
        (secrets / "app/.DB_PASSWORD.next").write_text(learnt)
        assert change().startswith("an interrupted change was finished")
        assert (secrets / "app/DB_PASSWORD").read_text() == learnt


def test_a_server_that_starts_is_asked_again_and_each_reason_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = runpy.run_path(str(ROOT / "deploy/waiting.py"))
    wait, not_ready = waiting["wait"], waiting["NotReady"]
    monkeypatch.setitem(wait.__globals__, "PAUSE_SECONDS", 0)
    reasons = ["refused", "refused", "starting"]

    def ask() -> None:
        if reasons:
            raise not_ready(reasons.pop(0))

    wait("the database", ask)
    assert capsys.readouterr().err.splitlines() == [f"waiting for the database: {said}" for said in ("refused", "starting")]
    monkeypatch.setitem(wait.__globals__, "WAIT_SECONDS", -1)
    reasons.append("refused")
    with pytest.raises(SystemExit, match="the database is not ready: refused"):
        wait("the database", ask)


def test_a_command_begins_when_database_and_broker_answer() -> None:
    command = [sys.executable, str(ROOT / "deploy/wait_for_stores.py"), sys.executable, "-c", "print('begun')"]
    environment = {**os.environ, "DATABASE_URL": env.DATABASE_URL, "REDIS_URL": env.REDIS_URL}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("begun\n", 0), done.stderr


def test_the_bucket_is_made_once_and_a_store_that_refuses_is_not_waited_for(tmp_path: Path) -> None:
    with s3.serve(tmp_path / "s3") as store:

        def make(secret: str) -> subprocess.CompletedProcess[str]:
            account = {"S3_ACCESS_KEY_ID": s3.ACCESS_KEY, "S3_SECRET_ACCESS_KEY": secret, "S3_BUCKET": "mgx"}
            command = [sys.executable, str(ROOT / "deploy/make_bucket.py")]
            environment = {**os.environ, **account, "S3_ENDPOINT_URL": store.url}
            return subprocess.run(command, env=environment, capture_output=True, text=True)

        assert [make(s3.SECRET_KEY).stdout for _ in range(2)] == ["mgx was created\n", "mgx is there\n"]
        refused = make("another")
        assert (refused.returncode, refused.stderr.startswith("the object store refuses mgx: ")) == (1, True), refused.stderr


DOCKER = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
  *" ps --quiet web") printf 'id\\nid\\n' ;;
  *" ps --quiet worker") echo id ;;
  *" ps --quiet relay") [ -z "$RELAY" ] || echo id ;;
esac
"""


@pytest.mark.parametrize("relay", [False, True])
def test_an_upgrade_takes_one_service_after_the_other_and_no_server_of_others(tmp_path: Path, relay: bool) -> None:
    """Two of web and no web-b: that one is started, a relay only where one runs, and without one its profile has no part."""
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "RELAY": "1" if relay else "",
    }
    shell = shutil.which("dash") or "sh"
    done = subprocess.run([shell, str(ROOT / "deploy/upgrade.sh")], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    calls = [line for line in (tmp_path / "calls").read_text().splitlines() if " ps " not in line]
    started = [("", "web=2"), ("", "web-b=1"), ("", "worker=1"), *([("--profile kafka ", "relay=1")] if relay else [])]
    assert calls == [
        "compose run --rm --no-deps secrets",
        "compose run --rm --no-deps migrate",
        *(
            f"compose {profile}up -d --no-deps --no-build --wait --scale {one} {one.partition('=')[0]}"
            for profile, one in started
        ),
        "compose up -d --no-deps --no-build --no-recreate proxy",
    ]


METRIC = re.compile(r"\bmgx_[a-z_]+")


def test_rules_and_dashboard_ask_for_metrics_that_there_are() -> None:
    known = set(METRIC.findall("".join((ROOT / name).read_text("utf-8") for name in SOURCES_OF_METRICS)))
    known |= {f"{name}{end}" for name in known for end in ("_total", "_bucket")}
    rules = yaml.safe_load((ROOT / "deploy/observability/rules.yml").read_text("utf-8"))["groups"][0]["rules"]
    dashboard = json.loads((ROOT / "deploy/observability/grafana/dashboards/mgx.json").read_text("utf-8"))
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used = set(METRIC.findall(" ".join(asked)))
    assert used and used <= known, used - known
    assert all(rule["annotations"]["action"] for rule in rules)


SOURCES_OF_METRICS = ("metrics/prometheus.py", "mgx_project/common/http_metrics.py")


def test_the_rules_pass_their_own_tests() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (package prometheus); the other tests here read the rules themselves")
    folder = ROOT / "deploy/observability"
    for command in (["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]):
        done = subprocess.run([promtool, *command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_of_the_compose_file_is_documented() -> None:
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text("utf-8")))
    documented = "".join((ROOT / name).read_text("utf-8") for name in ("DOCKER_DEPLOYMENT.md", ".env.example"))
    assert [name for name in sorted(asked) if not re.search(rf"\b{name}\b", documented)] == []
