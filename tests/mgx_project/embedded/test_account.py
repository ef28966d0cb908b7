"""PostgreSQL under the accounts that a machine may offer. Root can play all of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mgx_project.embedded import account, binaries
from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.services import Services

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has one account; the other tests use it")

ANOTHER = 65534


@pytest.fixture
def directory() -> Iterator[Path]:
    """Not pytest's own, which nobody else may enter."""
    path = Path(tempfile.mkdtemp(prefix="mgx-account-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "USER_NAMESPACE", ("false",))


def server_uid(services: Services) -> int:
    process = services.children[0].process
    assert process is not None
    return Path(f"/proc/{process.pid}").stat().st_uid


def programs_are_reachable() -> bool:
    return account._reaches(binaries.postgresql("postgres"), account.Account(uid=ANOTHER, gid=ANOTHER))


def test_root_runs_it_in_a_user_namespace(directory: Path) -> None:
    if not account._runs(binaries.postgresql("postgres"), account.Account(prefix=account.USER_NAMESPACE)):
        pytest.skip("user namespaces are denied here")
    with Services(directory) as services, psycopg.connect(services.database_url):
        assert (directory / "postgres").stat().st_uid == 0


@pytest.mark.usefixtures("no_namespaces")
def test_without_user_namespaces_root_drops_to_another_account(directory: Path) -> None:
    if not programs_are_reachable():
        with pytest.raises(EmbeddedError, match=r"may not run .*MGX_DATA_DIR"), Services(directory):
            pass
        return
    for _ in ("made", "found again"):
        with Services(directory) as services, psycopg.connect(services.database_url):
            assert server_uid(services) != 0
            assert (directory / "postgres").stat().st_uid == server_uid(services)
            assert directory.stat().st_mode & 0o777 == 0o711


def test_a_cluster_keeps_working_when_namespaces_come_and_go(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not programs_are_reachable():
        pytest.skip("no other account may run the programs of this checkout")
    with Services(directory):
        pass
    with monkeypatch.context() as patch:
        patch.setattr(account, "USER_NAMESPACE", ("false",))
        with Services(directory) as services, psycopg.connect(services.database_url):
            owner = server_uid(services)
            assert owner != 0
    with Services(directory) as services, psycopg.connect(services.database_url):
        assert server_uid(services) == owner


@pytest.mark.usefixtures("no_namespaces")
def test_a_directory_that_no_other_account_may_enter_is_explained(directory: Path) -> None:
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=r"may not .*MGX_DATA_DIR"), Services(closed / "data"):
        pass


def test_an_ordinary_user_runs_it_as_itself(directory: Path) -> None:
    if not programs_are_reachable():
        pytest.skip("no other account may run the programs of this checkout")
    os.chown(directory, ANOTHER, ANOTHER)
    status = _as_another_user(lambda: _start_and_ask(directory))
    assert status == 0, (directory / "error").read_text()
    assert (directory / "data" / "postgres").stat().st_uid == ANOTHER


def test_a_cluster_of_another_user_is_refused(directory: Path) -> None:
    directory.chmod(0o755)
    (directory / "postgres").mkdir()
    program = binaries.postgresql("postgres")  # looked up while the checkout may still be read
    seen = _as_another_user(lambda: _refused(directory, program))
    assert seen == 0


def _start_and_ask(directory: Path) -> bool:
    try:
        with Services(directory / "data") as services, psycopg.connect(services.database_url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except Exception as error:
        (directory / "error").write_text(repr(error))
        raise


def _refused(directory: Path, program: Path) -> bool:
    try:
        account.account_for(directory / "postgres", program)
    except EmbeddedError as error:
        return "belongs to root" in str(error)
    return False


def _as_another_user(act: object) -> int:
    """Exit code of a fork that gave root up. A fork, because another user may not be able to run this interpreter."""
    import ctypes  # noqa: F401  what the child needs is loaded while it may still be read

    assert callable(act)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setresgid(ANOTHER, ANOTHER, ANOTHER)
            os.setresuid(ANOTHER, ANOTHER, ANOTHER)
            code = 0 if act() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
