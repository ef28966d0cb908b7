"""Where the settings come from, and where a token may go."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Mgx
from tests.cli.standin import TOKEN, Standin

UNSET = {"MGX_SERVER": None, "MGX_TOKEN": None}


@pytest.fixture
def config_file(home: Path) -> Path:
    return home / "config" / "mgx" / "config.toml"


@pytest.fixture
def signed_in(mgx: Mgx, server: Standin) -> Mgx:
    done = mgx("login", "--server", server.url, "--token-stdin", input=f"{TOKEN}\n", **UNSET)
    assert done.returncode == 0, done.stderr
    return mgx


def test_login_keeps_the_token_for_its_owner_only(signed_in: Mgx, config_file: Path) -> None:
    assert TOKEN in config_file.read_text()
    assert stat.S_IMODE(config_file.stat().st_mode) == 0o600
    assert signed_in("list", **UNSET).returncode == 0
    for arguments in (
        ("whoami",),
        ("whoami", "--json"),
        ("config", "list"),
        ("config", "list", "--json"),
        ("doctor", "--json"),
    ):
        done = signed_in(*arguments, **UNSET)
        assert TOKEN not in done.stdout + done.stderr
        assert TOKEN[:8] in done.stdout


def test_logout_forgets_it(signed_in: Mgx, config_file: Path) -> None:
    assert signed_in("logout", **UNSET).returncode == 0
    assert TOKEN not in config_file.read_text()


def test_login_with_a_wrong_token_keeps_nothing(mgx: Mgx, server: Standin, config_file: Path) -> None:
    done = mgx("login", "--server", server.url, "--token-stdin", input="mgx_wrong\n", **UNSET)
    assert done.returncode == 5
    assert not config_file.exists()


def test_an_mgx_yaml_can_not_make_a_token_travel(signed_in: Mgx, server: Standin, repo: Path) -> None:
    other = server.url.replace("127.0.0.1", "localhost")
    (repo / "mgx.yaml").write_text(f"server: {other}\n")
    server.requests.clear()
    assert signed_in("list", **UNSET).returncode == 5
    assert signed_in("list", MGX_SERVER=None).returncode == 5
    assert not [headers for _, _, headers, _ in server.requests if "Authorization" in headers]
    assert signed_in("list", MGX_SERVER=other).returncode == 0


def test_a_token_does_not_travel_unencrypted(mgx: Mgx, server: Standin) -> None:
    done = mgx("list", MGX_SERVER="http://mgx.example.com")
    assert done.returncode == 5
    assert "unencrypted" in done.stderr
    assert mgx("login", "--server", "http://mgx.example.com", "--token-stdin", input=TOKEN).returncode == 5


def test_flag_before_environment_before_project_before_user(signed_in: Mgx, server: Standin, repo: Path) -> None:
    def here(*flags: str, **environment: str | None) -> str:
        document = json.loads(signed_in(*flags, "config", "list", "--json", **{**UNSET, **environment}).stdout)
        return str(document["server_here"]["address"])

    assert here() == server.url
    (repo / "mgx.yaml").write_text("server: https://project.example.com/\n")
    assert here() == "https://project.example.com"
    assert here(MGX_SERVER="https://env.example.com") == "https://env.example.com"
    assert here("--server", "https://flag.example.com", MGX_SERVER="https://env.example.com") == "https://flag.example.com"


def test_the_workspace_is_named_in_every_request(mgx: Mgx, server: Standin) -> None:
    mgx("list", MGX_WORKSPACE="acme")
    mgx("--workspace", "0199b3c4-0000-7000-8000-000000000000", "list")
    first, second = (headers for _, _, headers, _ in server.requests)
    assert first["X-Workspace-Slug"] == "acme"
    assert second["X-Workspace-Id"].startswith("0199b3c4")


def test_config_set_get(mgx: Mgx, config_file: Path) -> None:
    assert mgx("config", "set", "workspace", "acme").returncode == 0
    assert mgx("config", "get", "workspace").stdout == "acme\n"
    assert mgx("config", "set", "allow_insecure_http", "true").returncode == 0
    assert mgx("config", "get", "allow_insecure_http").stdout == "true\n"
    assert stat.S_IMODE(config_file.stat().st_mode) == 0o600
    for wrong in (("token", "x"), ("colour", "x"), ("server", "mgx.example.com"), ("allow_insecure_http", "perhaps")):
        assert mgx("config", "set", *wrong).returncode == 2


@pytest.mark.parametrize("text", ["server = [", "\xff"])
def test_a_broken_file_is_named(mgx: Mgx, config_file: Path, text: str) -> None:
    config_file.parent.mkdir(parents=True)
    config_file.write_bytes(text.encode("latin-1"))
    done = mgx("list")
    assert done.returncode == 2
    assert str(config_file) in done.stderr


@pytest.mark.parametrize("text", ["- a", "a: [", "workflows: [x]", "server: nonsense", "always_ask: sometimes"])
def test_a_wrong_mgx_yaml_is_named(mgx: Mgx, repo: Path, text: str) -> None:
    (repo / "mgx.yaml").write_text(text)
    done = mgx("list", **UNSET)
    assert done.returncode == 2
    assert "mgx.yaml" in done.stderr


def test_init_writes_an_mgx_yaml_that_mgx_reads(mgx: Mgx, server: Standin, repo: Path) -> None:
    assert mgx("init", "--stack", "fastapi", "--project", "default").returncode == 0
    assert mgx("init").returncode == 2
    assert mgx("init", "nowhere").returncode == 2
    assert mgx("task", "--workflow", "tidy", "--yes").returncode == 0
    assert server.bodies("/api/tasks")[0]["stack"] == "fastapi"


def test_logout_of_nowhere_says_so(mgx: Mgx) -> None:
    done = mgx("logout", **UNSET)
    assert done.returncode == 0
    assert "not signed in" in done.stderr


def test_config_alone_lists_its_commands(mgx: Mgx) -> None:
    assert "Change one setting" in "".join([(done := mgx("config")).stdout, done.stderr])
