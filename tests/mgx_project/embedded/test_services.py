from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.plan import HOME
from mgx_project.embedded.processes import Process
from mgx_project.embedded.services import Services
from tests.mgx_project.embedded.installation import eventually


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    # Longer than a Unix socket's path may be, and with characters that need quoting.
    with Services(tmp_path_factory.mktemp("services") / f'a "quoted" {"name" * 30}') as running:
        yield running


def test_the_application_owns_its_database_and_is_no_superuser(services: Services) -> None:
    with psycopg.connect(services.database_url) as connection:
        row = connection.execute(
            "SELECT current_database(), current_user, rolsuper, rolcreatedb, current_setting('server_version_num')::int / 10000"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == ("mgx", "mgx", False, True, 18)


def test_postgresql_refuses_a_wrong_password_on_loopback(services: Services) -> None:
    password = services.database_url.split(":")[2].split("@")[0]
    for user in ("mgx", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(services.database_url.replace(password, "guess").replace("//mgx", f"//{user}"))


def test_valkey_refuses_a_wrong_and_a_missing_password_on_loopback(services: Services) -> None:
    port = services.ports["valkey"]
    once = Retry(NoBackoff(), 0)
    with redis.Redis(port=port, password="guess", retry=once) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    with redis.Redis(port=port, retry=once) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    with redis.Redis.from_url(services.redis_url) as client:
        assert client.ping()


def test_no_password_is_on_a_command_line_or_in_a_public_file(services: Services) -> None:
    passwords = [url.split("@")[0].rsplit(":", 1)[1].encode() for url in (services.database_url, services.redis_url)]
    for child in services.children:
        assert child.process is not None
        command = Path(f"/proc/{child.process.pid}/cmdline").read_bytes()
        assert not any(password in command for password in passwords)
    for path in services.directory.rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o077:
            assert not any(password in path.read_bytes() for password in passwords), path


def test_data_survives_a_restart(tmp_path: Path) -> None:
    with Services(tmp_path, ephemeral=False) as first, psycopg.connect(first.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'still here' AS word")
        url = first.database_url
    with Services(tmp_path, ephemeral=False, ports=first.ports) as second:
        assert second.database_url == url
        with psycopg.connect(second.database_url) as connection:
            assert connection.execute("SELECT word FROM kept").fetchone() == ("still here",)


def test_a_stale_pid_file_that_names_somebody_else_is_put_aside(tmp_path: Path) -> None:
    with Services(tmp_path):
        pass
    other = subprocess.Popen(["sleep", "60"])
    try:
        stale = f"{other.pid}\n{tmp_path / 'postgres'}\n1\n5432\n\n127.0.0.1\n  1 1\nready   \n"
        (tmp_path / "postgres" / "postmaster.pid").write_text(stale)
        with Services(tmp_path) as services, psycopg.connect(services.database_url):
            assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_server_left_behind_on_the_directory_is_stopped_first(tmp_path: Path) -> None:
    with Services(tmp_path) as left:
        process = left.children[0].process
        assert process is not None
        with Services(tmp_path) as services, psycopg.connect(services.database_url):
            assert not process.alive()


def test_a_killed_parent_takes_both_servers_along(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from mgx_project.embedded.services import Services\n"
        "with Services(pathlib.Path(sys.argv[1])) as services:\n"
        "    print(*(child.process.pid for child in services.children), flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=HOME, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        servers = [Process.of(int(pid)) for pid in parent.stdout.readline().split()]
        assert len(servers) == 2
        parent.send_signal(signal.SIGKILL)
    assert eventually(lambda: not any(server and server.alive() for server in servers))


def test_a_cluster_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with (
        pytest.raises(EmbeddedError, match=r"created by PostgreSQL 16, but this is PostgreSQL 18.*pg_dumpall"),
        Services(tmp_path),
    ):
        pass


def test_lost_secrets_are_named_as_the_reason(tmp_path: Path) -> None:
    with Services(tmp_path):
        pass
    (tmp_path / "secrets.json").unlink()
    with pytest.raises(EmbeddedError, match=r"password authentication failed.*restore it"), Services(tmp_path):
        pass


def test_an_interrupted_initdb_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    with Services(tmp_path) as services, psycopg.connect(services.database_url):
        assert not (tmp_path / "postgres.new").exists()


def test_only_the_owner_may_look_into_the_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Services(tmp_path):
        assert tmp_path.stat().st_mode & 0o066 == 0
        assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "secrets.json").stat().st_uid == os.geteuid()
