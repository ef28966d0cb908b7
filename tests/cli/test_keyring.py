"""Tokens in the system's keyring, with backends of keyring and of `keyrings.alt`, one of which writes into the test's home."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import MGX, Mgx
from tests.cli.standin import TOKEN, Standin

UNSET = {"MGX_SERVER": None, "MGX_TOKEN": None}
KEEPS = {"PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
FAILS = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
OFF = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
MISSING = {"PYTHON_KEYRING_BACKEND": "no_such_package.Keyring"}


@pytest.fixture
def config_file(home: Path) -> Path:
    return home / "config" / "mgx" / "config.toml"


@pytest.fixture
def keyring_file(home: Path) -> Path:
    return home / "data" / "python_keyring" / "keyring_pass.cfg"


def login(mgx: Mgx, server: Standin, **environment: str) -> subprocess.CompletedProcess[str]:
    done = mgx("login", "--server", server.url, "--token-stdin", input=f"{TOKEN}\n", **UNSET, **environment)
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return done


def test_a_token_in_the_keyring_is_in_no_file_of_ours_and_is_used(
    mgx: Mgx, server: Standin, config_file: Path, keyring_file: Path
) -> None:
    assert "the keyring" in login(mgx, server, **KEEPS).stderr
    assert keyring_file.is_file()
    assert TOKEN not in config_file.read_text()
    assert mgx("list", **UNSET, **KEEPS).returncode == 0
    assert "in the keyring" in mgx("config", "list", **UNSET, **KEEPS).stdout
    assert TOKEN[:8] in mgx("whoami", **UNSET, **KEEPS).stdout


def test_logout_removes_it_from_the_keyring(mgx: Mgx, server: Standin, config_file: Path, keyring_file: Path) -> None:
    login(mgx, server, **KEEPS)
    held = keyring_file.read_text()
    done = mgx("logout", **UNSET, **KEEPS)
    assert done.returncode == 0 and "Signed out" in done.stderr
    assert keyring_file.read_text() != held and server.url not in config_file.read_text()
    assert "not signed in" in mgx("logout", **UNSET, **KEEPS).stderr


@pytest.mark.parametrize("backend", [FAILS, MISSING], ids=["fails", "missing"])
def test_without_a_keyring_that_works_the_file_keeps_it_and_says_so(
    mgx: Mgx, server: Standin, config_file: Path, backend: dict[str, str]
) -> None:
    done = login(mgx, server, **backend)
    assert "so the token is kept in the file" in done.stderr
    assert TOKEN in config_file.read_text() and config_file.stat().st_mode & 0o777 == 0o600
    assert mgx("list", **UNSET, **backend).returncode == 0


@pytest.mark.parametrize("environment", [OFF, {}], ids=["switched off", "none on this machine"])
def test_where_there_is_no_keyring_nothing_is_said_of_it(
    mgx: Mgx, server: Standin, config_file: Path, environment: dict[str, str]
) -> None:
    assert "keyring can't" not in login(mgx, server, **environment).stderr
    assert TOKEN in config_file.read_text()


@pytest.mark.parametrize("later", [FAILS, MISSING, OFF], ids=["fails", "missing", "switched off"])
def test_a_keyring_that_is_gone_is_named_with_the_way_back(mgx: Mgx, server: Standin, later: dict[str, str]) -> None:
    login(mgx, server, **KEEPS)
    server.requests.clear()
    done = mgx("list", **UNSET, **later)
    assert done.returncode == 5 and f"mgx login --server {server.url}" in done.stderr and "Traceback" not in done.stderr
    assert server.requests == [], "nothing was asked with a token that is none"
    given = mgx("list", MGX_SERVER=server.url, MGX_TOKEN=TOKEN, **later)
    assert given.returncode == 0, "a token that is given needs no keyring"
    assert mgx("logout", **UNSET, **later).returncode == 0
    assert mgx("logout", **UNSET, **later).stderr.startswith("You are not signed in")


def test_the_keyring_is_imported_only_for_a_token_that_is_in_it(mgx: Mgx, server: Standin) -> None:
    login(mgx, server)
    assert mgx("list", **UNSET, **MISSING).returncode == 0


WEAK = """from keyrings.alt.file import PlaintextKeyring
class Keyring(PlaintextKeyring):
    priority = 0.6
"""


def test_several_keyrings_that_are_no_safer_than_the_file_are_not_used_as_one(
    bare_env: dict[str, str], server: Standin, tmp_path: Path, config_file: Path, keyring_file: Path
) -> None:
    installed = tmp_path / "installed"
    (installed / "weak-1.dist-info").mkdir(parents=True)
    (installed / "weak.py").write_text(WEAK)
    (installed / "weak-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: weak\nVersion: 1\n")
    (installed / "weak-1.dist-info/entry_points.txt").write_text("[keyring.backends]\nweak = weak\n")

    environment = {**bare_env, "PYTHONPATH": str(installed)}
    command = [MGX, "login", "--server", server.url, "--token-stdin"]
    subprocess.run(command, env=environment, cwd=tmp_path, input=f"{TOKEN}\n", text=True, check=True, capture_output=True)

    assert not keyring_file.exists()
    assert TOKEN in config_file.read_text()
